using Conclave.Core;

namespace Conclave.Node;

/// <summary>Requests that wait for a leader. All wait equally long, so the oldest is always the first to give up.</summary>
internal sealed class HeldRequests(NodeLimits limits, TimeSpan holdTime)
{
    private readonly Queue<NodeRequest> _held = new();

    public int Count => _held.Count;

    /// <summary>When the oldest gives up.</summary>
    public Instant NextDeadline => _held.TryPeek(out var oldest) ? oldest.HoldUntil : Instant.Never;

    /// <summary>Takes a request; false when there is no room.</summary>
    public bool TryAdd(NodeRequest request, Instant now)
    {
        if (_held.Count >= limits.HeldRequestsMax) return false;
        request.HoldUntil = now + holdTime;
        _held.Enqueue(request);
        return true;
    }

    /// <summary>The next request whose time is over.</summary>
    public bool TryTakeOverdue(Instant now, out NodeRequest request)
    {
        if (_held.TryPeek(out request!) && request.HoldUntil <= now) return _held.TryDequeue(out request!);
        return false;
    }

    /// <summary>The next request, whatever its deadline.</summary>
    public bool TryTake(out NodeRequest request) => _held.TryDequeue(out request!);
}
