using Conclave.Node;
using Conclave.State;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Streaming;

/// <summary>
/// The changes of services as streams. A service is looked at while somebody subscribes to it: once for each change, whoever and however many subscribe. When the last one leaves, nothing of it
/// is left. Thread-safe.
/// </summary>
internal sealed class ServiceFeeds(INodeGateway gateway, StreamingLimits limits, ILogger log)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<FeedKey, ServiceFeed> _feeds = [];    // Guarded by _gate, as what follows.
    private object? _lineage;
    private ulong _lineageSince;
    private long _evaluations, _encodings;

    /// <summary>Services that are looked at.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _feeds.Count;
        }
    }

    /// <summary>How often the state was asked.</summary>
    public long Evaluations => Interlocked.Read(ref _evaluations);

    /// <summary>How often events or whole answers were written.</summary>
    public long Encodings => Interlocked.Read(ref _encodings);

    internal StreamingLimits Limits => limits;

    internal ILogger Log => log;

    internal string Datacenter => gateway.Identity.Datacenter;

    /// <summary>Begins a subscription; null when too many services are watched. The caller disposes of it.</summary>
    /// <param name="key">What about.</param>
    /// <param name="indexSeen">What the subscriber has seen; 0 for nothing.</param>
    public FeedSubscription? Subscribe(FeedKey key, ulong indexSeen)
    {
        while (true)
        {
            ServiceFeed? feed;
            lock (_gate)
            {
                if (!_feeds.TryGetValue(key, out feed))
                {
                    if (_feeds.Count >= limits.FeedsMax) return null;
                    feed = new ServiceFeed(this, key);
                    _feeds.Add(key, feed);
                }
            }
            if (feed.TryJoin(indexSeen) is { } subscription) return subscription;
        }
    }

    /// <summary>The state, and from which index on what others have seen of it can be believed: below it there may have been another one.</summary>
    internal StateRoot Look(out ulong since)
    {
        lock (_gate)
        {
            var root = gateway.Root;
            if (!ReferenceEquals(root.Lineage, _lineage)) (_lineage, _lineageSince) = (root.Lineage, root.LastIndex);
            since = _lineageSince;
            return root;
        }
    }

    internal void NoteEvaluation() => Interlocked.Increment(ref _evaluations);

    internal void NoteEncoding() => Interlocked.Increment(ref _encodings);

    internal void Remove(ServiceFeed feed)
    {
        lock (_gate)
        {
            if (_feeds.TryGetValue(feed.Key, out var known) && ReferenceEquals(known, feed)) _feeds.Remove(feed.Key);
        }
    }
}
