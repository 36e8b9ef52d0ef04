using Conclave.Core;

namespace Conclave.Raft;

/// <summary>
/// The entries in memory: from behind <see cref="BaseIndex"/> to <see cref="LastIndex"/>, of which those up to <see cref="StableIndex"/> are durable on this server.
/// A queue in one array that doubles when it is full: appending, cutting at either end and reading by index are constant time.
/// </summary>
internal sealed class LogView
{
    private readonly List<TermStart> _olderTerms = [];         // of what is on disk only: from StartIndex to BaseIndex, oldest first
    private LogEntry[] _ring = new LogEntry[64];               // length is a power of two
    private int _first, _count;

    public LogView(LogIndex baseIndex, Term baseTerm) => Reset(baseIndex, baseTerm);

    /// <summary>Entry before the first one in memory.</summary>
    public LogIndex BaseIndex { get; private set; }

    /// <summary>Term of that entry.</summary>
    public Term BaseTerm { get; private set; }

    /// <summary>Entry before the first one that the log still has, in memory or on disk: its term and those of all behind it are known.</summary>
    public LogIndex StartIndex { get; private set; }

    public LogIndex LastIndex => new(BaseIndex.Value + (ulong)_count);

    public Term LastTerm => _count == 0 ? BaseTerm : this[LastIndex].Term;

    /// <summary>Last entry that is durable here.</summary>
    public LogIndex StableIndex { get; private set; }

    /// <summary>Data bytes of the entries in memory.</summary>
    public long Bytes { get; private set; }

    public ref readonly LogEntry this[LogIndex index]
    {
        get
        {
            Invariant.Require(index > BaseIndex && index <= LastIndex, "the entry is in memory");
            return ref _ring[Slot((int)(index.Value - BaseIndex.Value - 1))];
        }
    }

    /// <summary>Term of an entry that may be on disk only; false when it is not known.</summary>
    public bool TryAnyTermAt(LogIndex index, out Term term)
    {
        if (index >= BaseIndex) return TryTermAt(index, out term);
        term = default;
        if (index < StartIndex) return false;
        for (int i = _olderTerms.Count - 1; i >= 0; i--)
        {
            if (_olderTerms[i].From > index) continue;
            term = _olderTerms[i].Term;
            return true;
        }
        return false;
    }

    /// <summary>Terms of the entries in [<paramref name="from"/>, base], as the places where they begin.</summary>
    public TermStart[] OlderTermsFrom(LogIndex from)
    {
        int first = _olderTerms.Count - 1;
        while (first > 0 && _olderTerms[first].From > from) first--;
        return first < 0 ? [] : [.. _olderTerms.GetRange(first, _olderTerms.Count - first)];
    }

    /// <summary>Entries up to <paramref name="index"/> are not on disk any more either, or soon will not be.</summary>
    public void ForgetTo(LogIndex index)
    {
        CompactTo(index);
        if (index <= StartIndex) return;
        while (_olderTerms.Count > 1 && _olderTerms[1].From <= index) _olderTerms.RemoveAt(0);
        StartIndex = index;
    }

    /// <summary>Term of an entry in memory, the base included; false when it is not there.</summary>
    public bool TryTermAt(LogIndex index, out Term term)
    {
        term = BaseTerm;
        if (index == BaseIndex) return true;
        if (index < BaseIndex || index > LastIndex) return false;
        term = this[index].Term;
        return true;
    }

    public void Append(in LogEntry entry)
    {
        Invariant.Require(entry.Index == LastIndex.Next, "entries are consecutive");
        Invariant.Require(entry.Term >= LastTerm, "terms do not decrease along the log");
        if (_count == _ring.Length) Grow();
        _ring[Slot(_count++)] = entry;
        Bytes += entry.Data.Length;
    }

    /// <summary>Takes back <paramref name="from"/> and everything behind it.</summary>
    public void TruncateFrom(LogIndex from)
    {
        while (_count > 0 && LastIndex >= from)
        {
            ref var last = ref _ring[Slot(--_count)];
            Bytes -= last.Data.Length;
            last = default;
        }
        if (StableIndex > LastIndex) StableIndex = LastIndex;
    }

    /// <summary>Keeps entries up to <paramref name="index"/> on disk only; it must be in memory.</summary>
    public void CompactTo(LogIndex index)
    {
        if (index <= BaseIndex) return;
        for (; BaseIndex < index; BaseIndex = BaseIndex.Next)
        {
            ref var oldest = ref _ring[_first];
            if (oldest.Term != BaseTerm) _olderTerms.Add(new TermStart(oldest.Index, BaseTerm = oldest.Term));
            Bytes -= oldest.Data.Length;
            oldest = default;
            _first = _first + 1 & _ring.Length - 1;
            _count--;
        }
    }

    /// <summary>Keeps as much of what lies up to <paramref name="index"/> on disk only as it takes to stay within both limits.</summary>
    public void CompactTo(LogIndex index, int entriesMax, long bytesMax)
    {
        long bytes = Bytes;
        var end = BaseIndex;
        for (int count = _count; end < index && (count > entriesMax || bytes > bytesMax); count--)
        {
            end = end.Next;
            bytes -= this[end].Data.Length;
        }
        CompactTo(end);
    }

    /// <summary>Drops all: the log goes on behind a snapshot, which is durable.</summary>
    public void Reset(LogIndex baseIndex, Term baseTerm)
    {
        Array.Clear(_ring);
        (_first, _count, Bytes) = (0, 0, 0);
        (BaseIndex, BaseTerm, StableIndex, StartIndex) = (baseIndex, baseTerm, baseIndex, baseIndex);
        _olderTerms.Clear();
        _olderTerms.Add(new TermStart(baseIndex, baseTerm));
    }

    /// <summary>The entry at <paramref name="index"/> and all before it are durable, if it still has that term (an entry of another term may have taken its place meanwhile).</summary>
    public bool TryMarkStable(LogIndex index, Term term)
    {
        if (index <= StableIndex || !TryTermAt(index, out var own) || own != term) return false;
        StableIndex = index;
        return true;
    }

    /// <summary>Entries from <paramref name="from"/> on, at least one if there is one, within both limits.</summary>
    public LogEntry[] Slice(LogIndex from, int entriesMax, long bytesMax, out long bytes)
    {
        bytes = 0;
        int count = 0;
        for (var index = from; index <= LastIndex && count < entriesMax; index = index.Next, count++)
        {
            int size = this[index].Data.Length;
            if (count > 0 && bytes + size > bytesMax) break;
            bytes += size;
        }
        if (count == 0) return [];
        var entries = new LogEntry[count];
        for (int i = 0; i < count; i++) entries[i] = this[new LogIndex(from.Value + (ulong)i)];
        return entries;
    }

    private int Slot(int position) => _first + position & _ring.Length - 1;

    private void Grow()
    {
        var larger = new LogEntry[_ring.Length * 2];
        for (int i = 0; i < _count; i++) larger[i] = _ring[Slot(i)];
        (_ring, _first) = (larger, 0);
    }
}
