namespace Conclave.Node;

/// <summary>
/// Commands in the log that wait for their commit, each with the request that wants to know (null for the leader's own). Bounded by count and by bytes,
/// so that a slow disk shows as refused writes and not as memory. The grouping for a flush is the log's: whatever came while one ran rides with the next.
/// </summary>
internal sealed class ProposalQueue(NodeLimits limits)
{
    // In order of their index, which is the order of their appending.
    private readonly Queue<Entry> _entries = new();
    private long _bytes;

    public int Count => _entries.Count;

    /// <summary>Whether a command of this size may enter the log now. A single large one may when nothing else waits.</summary>
    public bool HasRoom(int commandBytes) =>
        _entries.Count < limits.ProposalsMax && (_entries.Count == 0 || _bytes + commandBytes <= limits.ProposalBytesMax);

    /// <summary>Notes a command that was appended at <paramref name="index"/>.</summary>
    public void Add(ulong index, int commandBytes, NodeRequest? request)
    {
        _entries.Enqueue(new Entry(index, commandBytes, request));
        _bytes += commandBytes;
    }

    /// <summary>The request that waits for the entry at <paramref name="index"/>, which is being applied; null when nobody does.</summary>
    public NodeRequest? TakeApplied(ulong index)
    {
        if (!_entries.TryPeek(out var first) || first.Index != index) return null;
        _entries.Dequeue();
        _bytes -= first.Bytes;
        return first.Request;
    }

    /// <summary>Empties the queue into <paramref name="requests"/>: their outcome is unknown.</summary>
    public void Drain(List<NodeRequest> requests)
    {
        foreach (var entry in _entries)
            if (entry.Request is { } request) requests.Add(request);
        _entries.Clear();
        _bytes = 0;
    }

    private readonly record struct Entry(ulong Index, int Bytes, NodeRequest? Request);
}
