using Conclave.Core;

namespace Conclave.Raft;

/// <summary>How a peer is fed. One object per state, so that each transition stands in one place: <see cref="Peer.Become"/>.</summary>
internal abstract class PeerState
{
    /// <summary>Whether an append may be sent now.</summary>
    public abstract bool MaySend(Instant now);

    /// <summary>An append was sent.</summary>
    public abstract void OnSent(Peer peer, in Inflight request);

    /// <summary>Finds the request that a reply answers; false for one that this state does not wait for (any more).</summary>
    public abstract bool TryTake(ulong requestId, out Inflight request);

    /// <summary>When something must be done even if no reply comes.</summary>
    public abstract Instant Deadline { get; }

    /// <summary>The deadline has passed.</summary>
    public abstract void OnDeadline(Peer peer, Instant now);

    /// <summary>The peer is there.</summary>
    public virtual void OnAlive(Instant now)
    {
    }
}

/// <summary>Where the logs meet is not known, or the peer does not answer: one append at a time, farther apart while none is answered.</summary>
internal sealed class Probing : PeerState
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50), LongestWait = TimeSpan.FromSeconds(10);

    private Inflight? _request;
    private TimeSpan _wait = FirstWait;
    private Instant _nextTry;                                  // not before; the deadline of the request while one is under way

    public override Instant Deadline => _nextTry;

    public override bool MaySend(Instant now) => _request is null && now >= _nextTry;

    public override void OnSent(Peer peer, in Inflight request)
    {
        _request = request;
        _nextTry = request.SentAt + _wait;
    }

    public override bool TryTake(ulong requestId, out Inflight request)
    {
        request = _request.GetValueOrDefault();
        if (_request is null || request.RequestId != requestId) return false;
        _request = null;
        _nextTry = default;
        return true;
    }

    public override void OnDeadline(Peer peer, Instant now)
    {
        if (_request is null) return;
        _request = null;                                       // lost: MaySend allows another
        _wait = _wait * 2 > LongestWait ? LongestWait : _wait * 2;
    }

    /// <summary>The peer answered a heartbeat: a probe that is overdue was lost, and there is no reason to wait longer for the next one.</summary>
    public override void OnAlive(Instant now)
    {
        if (_request is { } request && now - request.SentAt < FirstWait) return;
        _request = null;
        _nextTry = default;
        _wait = FirstWait;
    }

    /// <summary>The peer refused for a reason other than its log.</summary>
    public void Delay(Instant now)
    {
        _nextTry = now + _wait;
        _wait = _wait * 2 > LongestWait ? LongestWait : _wait * 2;
    }
}

/// <summary>The logs meet: appends follow each other without waiting, within limits of count and bytes.</summary>
internal sealed class Streaming(int appendsMax, long bytesMax, TimeSpan patience) : PeerState
{
    private readonly Queue<Inflight> _requests = new();
    private long _bytes;

    public override Instant Deadline => _requests.TryPeek(out var oldest) ? oldest.SentAt + patience : Instant.Never;

    public override bool MaySend(Instant now) => _requests.Count < appendsMax && (_requests.Count == 0 || _bytes < bytesMax);

    // What was sent is taken to arrive: the next append continues behind it.
    public override void OnSent(Peer peer, in Inflight request)
    {
        _requests.Enqueue(request);
        _bytes += request.Bytes;
        peer.Next = request.LastIndex.Next;
    }

    public override bool TryTake(ulong requestId, out Inflight request)
    {
        while (_requests.TryPeek(out request) && request.RequestId <= requestId)
        {
            _requests.Dequeue();
            _bytes -= request.Bytes;
            if (request.RequestId == requestId) return true;
        }
        return false;
    }

    public override void OnDeadline(Peer peer, Instant now)
    {
        peer.Next = peer.Match.Next;
        peer.Become(new Probing());
    }
}

/// <summary>Entries that the peer needs are gone: it is being sent a snapshot, and nothing else (heartbeats excepted).</summary>
internal sealed class Snapshotting(ulong requestId, LogIndex index) : PeerState
{
    /// <summary>The snapshot reaches at least up to here.</summary>
    public LogIndex Index { get; } = index;

    // The host ends it with a reply or an unreachable report; it may take as long as it takes.
    public override Instant Deadline => Instant.Never;

    public override bool MaySend(Instant now) => false;

    public override void OnSent(Peer peer, in Inflight request) => Invariant.Require(false, "nothing is appended while a snapshot is sent");

    public override bool TryTake(ulong id, out Inflight request)
    {
        request = new Inflight(requestId, Index, 0, default);
        return id == requestId;
    }

    public override void OnDeadline(Peer peer, Instant now)
    {
    }
}
