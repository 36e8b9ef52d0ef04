using Conclave.Core;

namespace Conclave.Raft;

/// <summary>
/// Reads that wait for a majority to confirm the leader. All that wait share one round; those that come while it runs share the next.
/// A round is confirmed by any answer to a request that was made after the round began.
/// </summary>
internal sealed class ReadIndexQueue
{
    private readonly List<ulong> _waiting = [], _inRound = [];

    /// <summary>First request whose answer counts for the running round.</summary>
    public ulong RoundStart { get; private set; }

    /// <summary>What the reads of the running round may be answered with.</summary>
    public LogIndex RoundIndex { get; private set; }

    public bool RoundRuns => _inRound.Count > 0;

    public bool HasWaiting => _waiting.Count > 0;

    public void Add(ulong context) => _waiting.Add(context);

    /// <summary>Begins a round with all that wait.</summary>
    public void Begin(ulong firstRequest, LogIndex index)
    {
        Invariant.Require(!RoundRuns, "one read round at a time");
        _inRound.AddRange(_waiting);
        _waiting.Clear();
        (RoundStart, RoundIndex) = (firstRequest, index);
    }

    /// <summary>The round is confirmed.</summary>
    public void Finish(List<ReadGranted> into)
    {
        foreach (ulong context in _inRound) into.Add(new ReadGranted(context, RoundIndex, true));
        _inRound.Clear();
    }

    /// <summary>The leader is none any more.</summary>
    public void Refuse(List<ReadGranted> into)
    {
        foreach (ulong context in _inRound) into.Add(new ReadGranted(context, default, false));
        foreach (ulong context in _waiting) into.Add(new ReadGranted(context, default, false));
        _inRound.Clear();
        _waiting.Clear();
    }
}
