namespace Conclave.Hosting.Gossip;

/// <summary>What the sockets of a pool had to give up. Written from several threads.</summary>
internal sealed class GossipCounters
{
    private long _packetsDropped, _sendsFailed, _streamsRefused;

    /// <summary>Packets that arrived and found the loop too far behind.</summary>
    public long PacketsDropped => Interlocked.Read(ref _packetsDropped);

    /// <summary>Packets that the system did not take.</summary>
    public long SendsFailed => Interlocked.Read(ref _sendsFailed);

    /// <summary>Streams closed because too many were open.</summary>
    public long StreamsRefused => Interlocked.Read(ref _streamsRefused);

    public void CountDropped() => Interlocked.Increment(ref _packetsDropped);

    public void CountSendFailed() => Interlocked.Increment(ref _sendsFailed);

    public void CountStreamRefused() => Interlocked.Increment(ref _streamsRefused);
}
