namespace Conclave.Hosting.Streaming;

/// <summary>One subscriber of a feed. Used by one caller at a time.</summary>
/// <param name="feed">The feed, which it has joined.</param>
/// <param name="start">What it is told first.</param>
/// <param name="next">Number of the first change after that.</param>
/// <param name="indexSeen">Changes up to this index it knows.</param>
internal sealed class FeedSubscription(ServiceFeed feed, IReadOnlyList<byte[]> start, long next, ulong indexSeen) : IDisposable
{
    private long _next = next;
    private bool _hasLeft;

    /// <summary>Messages, with their prefixes, to be sent first. Gives them once: they may be large, and nobody needs them twice.</summary>
    public IReadOnlyList<byte[]> TakeStart()
    {
        var taken = start;
        start = [];
        return taken;
    }

    /// <summary>Completes when there may be changes. Ask for it first and read then, or a change in between is missed.</summary>
    public Task Changed => feed.Changed.Next;

    /// <summary>Takes what has changed.</summary>
    public FeedReading Read(List<FeedEvent> into) => feed.Read(ref _next, indexSeen, into);

    /// <summary>Leaves the feed.</summary>
    public void Dispose()
    {
        if (_hasLeft) return;
        _hasLeft = true;
        feed.Leave();
    }
}
