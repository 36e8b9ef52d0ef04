using Conclave.Core;

namespace Conclave.Raft;

/// <summary>A request that has not been answered.</summary>
/// <param name="RequestId">Its number.</param>
/// <param name="LastIndex">Last entry that the receiver's log shares with the leader's when it succeeds.</param>
/// <param name="Bytes">Data bytes it carries.</param>
/// <param name="SentAt">When it was made.</param>
internal readonly record struct Inflight(ulong RequestId, LogIndex LastIndex, long Bytes, Instant SentAt);

/// <summary>What a leader knows of one other server. How it is fed with entries is the business of its <see cref="State"/>.</summary>
internal sealed class Peer(string id, LogIndex next, Instant now)
{
    private const int HeartbeatsMax = 16;

    public string Id { get; } = id;

    public bool IsVoter { get; set; }

    /// <summary>Last entry known to be in its log, durably. Always below <see cref="Next"/>.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>First entry of the next append.</summary>
    public LogIndex Next { get; set; } = next;

    public PeerState State { get; private set; } = new Probing();

    /// <summary>When an answer arrived last; the beginning of the leader's term before the first.</summary>
    public Instant LastReply { get; private set; } = now;

    /// <summary>It has answered this leader.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>When the newest answered request was made: at that moment at the earliest it accepted this leader. Null before the first answer and after a pause.</summary>
    public Instant? ConfirmedAt { get; private set; }

    /// <summary>Newest answered request.</summary>
    public ulong ConfirmedRequest { get; private set; }

    public Instant HeartbeatAt { get; set; } = now;

    /// <summary>When an append is due even without entries.</summary>
    public Instant CommitAt { get; set; } = now;

    /// <summary>That is because the commit index has moved, rather than for repetition.</summary>
    public bool CommitIsNews { get; set; }

    /// <summary>Commit index it was told last.</summary>
    public LogIndex CommitTold { get; set; }

    /// <summary>First entry of those being read from disk for it, or null.</summary>
    public LogIndex? FetchFrom { get; set; }

    private readonly Queue<Inflight> _heartbeats = new();

    public void Become(PeerState state) => State = state;

    public void NoteHeartbeat(in Inflight heartbeat)
    {
        if (_heartbeats.Count == HeartbeatsMax) _heartbeats.Dequeue();
        _heartbeats.Enqueue(heartbeat);
    }

    public void OnHeartbeatReply(ulong requestId, Instant now)
    {
        (LastReply, HasAnswered) = (now, true);
        while (_heartbeats.TryPeek(out var oldest) && oldest.RequestId <= requestId)
        {
            _heartbeats.Dequeue();
            if (oldest.RequestId == requestId) Confirm(oldest, now);
        }
    }

    public void Confirm(in Inflight answered, Instant now)
    {
        (LastReply, HasAnswered) = (now, true);
        if (answered.RequestId <= ConfirmedRequest) return;
        (ConfirmedRequest, ConfirmedAt) = (answered.RequestId, answered.SentAt);
    }

    /// <summary>True when it grew.</summary>
    public bool RaiseMatch(LogIndex index)
    {
        if (index <= Match) return false;
        Match = index;
        if (Next <= index) Next = index.Next;
        return true;
    }

    /// <summary>It has lost entries that it had: it counts for none of them any more.</summary>
    public void LowerMatch(LogIndex index) => Match = index;

    /// <summary>This process stood still: what was promised before is not believed any more, nor is the silence held against the peer.</summary>
    public void OnPause(Instant now)
    {
        ConfirmedAt = null;
        LastReply = now;
    }
}
