using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Follows the records of the log from the oldest segment on and keeps the entries that are wanted.</summary>
internal sealed class LogReplay(LogIndex keepFrom)
{
    private WalMark _mark = new(default, default, default, "");
    private bool _started;

    public List<LogEntry> Entries { get; } = [];

    /// <summary>Entry before the first of <see cref="Entries"/>.</summary>
    public LogIndex BaseIndex { get; private set; }

    /// <summary>Its term.</summary>
    public Term BaseTerm { get; private set; }

    public WalMark Mark => _mark;

    /// <summary>Applies one record. Null when it fits, else what contradicts.</summary>
    public string? Apply(in WalHeader header, byte[] payload) => header.Kind switch
    {
        WalKind.Base => ApplyBase(WalMark.Read(header, payload)),
        WalKind.Entry => ApplyEntry(header, payload),
        WalKind.Term => ApplyTerm(header.Term, System.Text.Encoding.UTF8.GetString(payload)),
        WalKind.Truncate => ApplyTruncate(header),
        WalKind.Reset => ApplyReset(header),
        _ => null,
    };

    private string? ApplyBase(in WalMark mark)
    {
        if (_started) return mark == _mark ? null : $"the segment goes on behind index {mark.LastIndex} in term {mark.Term}, the one before ended at index {_mark.LastIndex} in term {_mark.Term}";
        _started = true;
        _mark = mark;
        Rebase(mark.LastIndex, mark.LastTerm);
        return null;
    }

    private string? ApplyEntry(in WalHeader header, byte[] payload)
    {
        if (header.Index != _mark.LastIndex.Next) return $"entry {header.Index} follows entry {_mark.LastIndex}";
        if (header.Term < _mark.LastTerm) return $"entry {header.Index} has term {header.Term}, the one before it {_mark.LastTerm}";
        _mark = _mark with { LastIndex = header.Index, LastTerm = header.Term };
        if (header.Index < keepFrom)
        {
            Rebase(header.Index, header.Term);
            return null;
        }
        var extensions = payload.AsMemory(0, header.ExtensionBytes);
        // A copy when there are extensions, so that the data does not share an array: chunks are rare.
        ReadOnlyMemory<byte> data = header.ExtensionBytes == 0 ? payload : payload.AsSpan(header.ExtensionBytes).ToArray();
        Entries.Add(new LogEntry(header.Index, header.Term, header.EntryType, data, extensions));
        return null;
    }

    private string? ApplyTerm(Term term, string votedFor)
    {
        if (term < _mark.Term) return $"term {term} follows term {_mark.Term}";
        _mark = _mark with { Term = term, VotedFor = votedFor };
        return null;
    }

    private string? ApplyTruncate(in WalHeader header)
    {
        if (header.Index > _mark.LastIndex || header.Index.Value == 0) return $"entries from {header.Index} on are taken back, the last one is {_mark.LastIndex}";
        var last = new LogIndex(header.Index.Value - 1);
        _mark = _mark with { LastIndex = last, LastTerm = header.Term };
        if (last <= BaseIndex) Rebase(last, header.Term);
        else Entries.RemoveRange((int)(last.Value - BaseIndex.Value), Entries.Count - (int)(last.Value - BaseIndex.Value));
        return null;
    }

    private string? ApplyReset(in WalHeader header)
    {
        _mark = _mark with { LastIndex = header.Index, LastTerm = header.Term };
        Rebase(header.Index, header.Term);
        return null;
    }

    /// <summary>Term of an entry from <see cref="BaseIndex"/> on.</summary>
    public Term TermAt(LogIndex index) => index == BaseIndex ? BaseTerm : Entries[(int)(index.Value - BaseIndex.Value) - 1].Term;

    /// <summary>Forgets all entries: the log goes on behind a snapshot.</summary>
    public void Drop(SnapshotPoint snapshot) => Rebase(snapshot.Index, snapshot.Term);

    private void Rebase(LogIndex index, Term term)
    {
        Entries.Clear();
        (BaseIndex, BaseTerm) = (index, term);
    }
}
