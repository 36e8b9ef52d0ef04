using Conclave.Rpc.Grpc;

namespace Conclave.Hosting.Streaming;

/// <summary>What a feed is of.</summary>
/// <param name="Topic">Instances, or the proxies for them.</param>
/// <param name="Service">Name of the service.</param>
internal readonly record struct FeedKey(StreamTopic Topic, string Service);

/// <summary>The changes of one index, encoded once for all subscribers.</summary>
/// <param name="Index">Raft index.</param>
/// <param name="Messages">One or more messages with their prefixes.</param>
internal sealed record FeedEvent(ulong Index, byte[] Messages);

/// <summary>What a subscriber found when it looked for changes.</summary>
internal enum FeedReading : byte
{
    /// <summary>Nothing new.</summary>
    Nothing,

    /// <summary>Some.</summary>
    Changes,

    /// <summary>It must start anew: it fell behind, or another state took the place of the one it knows.</summary>
    Cut,
}
