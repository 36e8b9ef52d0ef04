using Conclave.Core;

namespace Conclave.Gossip.Serf;

/// <summary>What comes due in Serf.</summary>
internal enum SerfTimerKind : byte
{
    /// <summary>Members and intents are to be forgotten.</summary>
    Reap,

    /// <summary>A failed member is to be tried.</summary>
    Reconnect,

    /// <summary>The queues' bounds and depths are to be looked at.</summary>
    QueueCheck,

    /// <summary>A query of somebody can no longer be answered.</summary>
    AnswerDeadline,

    /// <summary>A query of ours is over.</summary>
    QueryDeadline,

    /// <summary>The leave goes on even if its intent is not out.</summary>
    LeaveIntentDeadline,

    /// <summary>The leave is done.</summary>
    LeaveLingerEnd,

    /// <summary>Lines for the snapshot file are to be written.</summary>
    SnapshotFlush,

    /// <summary>Held back events of members are to be told.</summary>
    MemberEvents,

    /// <summary>Held back user events are to be told.</summary>
    UserEvents,
}

/// <summary>A deadline of Serf.</summary>
/// <param name="Kind">What comes due.</param>
/// <param name="Number">For which query.</param>
internal readonly record struct SerfTimer(SerfTimerKind Kind, long Number = 0);

/// <summary>Serf's deadlines.</summary>
internal sealed class SerfTimers
{
    private readonly DeadlineHeap<SerfTimer> _heap = new();

    public Instant Next => _heap.Next;

    public DeadlineHandle Set(Instant at, SerfTimerKind kind, long number = 0) => _heap.Add(at, new SerfTimer(kind, number));

    public void Cancel(DeadlineHandle handle) => _heap.Remove(handle);

    public bool TryPopDue(Instant now, out SerfTimer timer) => _heap.TryPopDue(now, out timer);
}
