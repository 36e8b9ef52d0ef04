using Conclave.Core.Model;
using Conclave.Rpc.Grpc;

namespace Conclave.Node.Streaming;

/// <summary>
/// The instances of one service, kept current by the messages of subscriptions, one after the other. What is published stays as it is while everything is told anew.
/// Does no I/O; used by one thread at a time.
/// </summary>
/// <param name="bytesMax">Longest that it may get, in the bytes of <see cref="Bytes"/>.</param>
public sealed class ServiceView(long bytesMax)
{
    // What a row takes beside what lies on the wire: objects, references, texts with two bytes for each character.
    private const int RowOverheadBytes = 512;

    private readonly List<StreamedChange> _changes = [];       // of the message that is being taken
    private List<Row> _rows = [];                              // sorted
    private List<Row>? _next;                                  // sorted; what is told until the end of the snapshot, or null
    private long _rowBytes, _nextBytes;
    private ServiceRows? _published;
    private bool _isChanged;

    /// <summary>Raft index of the last change; 0 before the first answer is whole. Goes back only with an answer that was told anew.</summary>
    public ulong Index { get; private set; }

    /// <summary>About as many bytes of memory does it take.</summary>
    public long Bytes => _rowBytes + _nextBytes;

    /// <summary>A subscription begins. Gives the index to go on from; 0 for everything from the start.</summary>
    public ulong Begin()
    {
        // What was told in part is told again from its start.
        DropNext();
        if (Index == 0) _next = [];
        return Index;
    }

    /// <summary>Nothing that is known can be gone on from: the next subscription begins from the start. What is published stays.</summary>
    public void Forget()
    {
        DropNext();
        Publish();
        Index = 0;
    }

    /// <summary>Takes a message.</summary>
    /// <exception cref="Conclave.Rpc.RpcFormatException">Malformed. Nothing of it was taken.</exception>
    public ViewStep Take(ReadOnlySpan<byte> message)
    {
        _changes.Clear();
        var read = StreamEventReader.Read(message, _changes);
        switch (read.Kind)
        {
            case StreamEventKind.NewSnapshotToFollow:
                DropNext();
                _next = [];
                return ViewStep.Nothing;
            case StreamEventKind.EndOfSnapshot:
                return EndSnapshot(read.Index);
            case StreamEventKind.Changes:
                return TakeChanges(read.Index);
            default:
                return ViewStep.Nothing;
        }
    }

    /// <summary>What is known now, as it stays; null before the first answer is whole.</summary>
    public ServiceRows? Publish()
    {
        if (!_isChanged) return _published;
        _isChanged = false;
        var rows = new CheckServiceNode[_rows.Count];
        for (int i = 0; i < rows.Length; i++) rows[i] = _rows[i].Instance;
        return _published = new ServiceRows(Index, rows);
    }

    private ViewStep EndSnapshot(ulong index)
    {
        if (_next is null) return ViewStep.Nothing;            // a subscription that goes on may say that nothing was missed
        (_rows, _rowBytes) = (_next, _nextBytes);
        (_next, _nextBytes) = (null, 0);
        Index = Math.Max(1, index);
        _isChanged = true;
        return ViewStep.Changed;
    }

    private ViewStep TakeChanges(ulong index)
    {
        foreach (var change in _changes)
        {
            if (_next is not null) Put(_next, change, ref _nextBytes);
            else Put(_rows, change, ref _rowBytes);
            index = Math.Max(index, change.Index);
        }
        _changes.Clear();
        if (Bytes > bytesMax)
        {
            Clear();
            return ViewStep.TooLarge;
        }
        if (_next is not null) return ViewStep.Nothing;
        // What was told twice bears its old index, and readers must not see that again.
        Index = Math.Max(Index, index);
        _isChanged = true;
        return ViewStep.Changed;
    }

    private static void Put(List<Row> rows, in StreamedChange change, ref long bytes)
    {
        int at = Find(rows, change.Instance, out bool isKnown);
        if (isKnown) bytes -= rows[at].Bytes;
        if (change.IsGone)
        {
            if (isKnown) rows.RemoveAt(at);
            return;
        }
        var row = new Row(change.Instance, change.Bytes + RowOverheadBytes);
        bytes += row.Bytes;
        if (isKnown) rows[at] = row;
        else rows.Insert(at, row);
    }

    // Whole answers come sorted, so the end is where most belong.
    private static int Find(List<Row> rows, in CheckServiceNode instance, out bool isKnown)
    {
        int low = 0, high = rows.Count;
        isKnown = false;
        if (high > 0 && Compare(rows[high - 1].Instance, instance) < 0) return high;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            int order = Compare(rows[middle].Instance, instance);
            if (order == 0)
            {
                isKnown = true;
                return middle;
            }
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static int Compare(in CheckServiceNode a, in CheckServiceNode b)
    {
        int order = string.CompareOrdinal(a.Node.Name, b.Node.Name);
        return order != 0 ? order : string.CompareOrdinal(a.Service.Id, b.Service.Id);
    }

    private void DropNext() => (_next, _nextBytes) = (null, 0);

    private void Clear()
    {
        DropNext();
        (_rows, _rowBytes, Index, _published, _isChanged) = ([], 0, 0, null, false);
    }

    private readonly record struct Row(CheckServiceNode Instance, int Bytes);
}
