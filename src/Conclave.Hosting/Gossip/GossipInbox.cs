using System.Threading.Channels;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>
/// What has arrived for a pool's loop. The channel needs no bound of its own because everybody who writes has one: packets by <see cref="PacketBuffers"/>, a stream by
/// its only buffer (and their number by <see cref="GossipStreams"/>), files by <see cref="GossipFiles"/>, requests here.
/// </summary>
internal sealed class GossipInbox
{
    /// <summary>Local requests that may wait for the loop; above it one fails at once.</summary>
    public const int RequestsMax = 4096;

    private readonly Channel<GossipInput> _channel = Channel.CreateUnbounded<GossipInput>(new UnboundedChannelOptions { SingleReader = true });
    private volatile bool _isClosed;
    private int _requests;

    public ChannelReader<GossipInput> Inputs => _channel.Reader;

    /// <summary>The loop is to end.</summary>
    public bool IsClosed => _isClosed;

    public PacketBuffers Buffers { get; } = new();

    public void Wake() => _channel.Writer.TryWrite(default);

    /// <summary>Hands a packet over. False when too many wait: it is lost.</summary>
    public bool TryPostPacket(GossipEndpoint from, ReadOnlySpan<byte> packet)
    {
        if (Buffers.TryRent(packet.Length) is not { } buffer) return false;
        packet.CopyTo(buffer);
        if (_channel.Writer.TryWrite(new GossipInput(GossipInputKind.Packet, from, packet.Length, buffer))) return true;
        Buffers.Return(buffer);
        return false;
    }

    /// <summary>Hands something else over. False when the loop has ended.</summary>
    public bool Post(GossipInputKind kind, object subject, int length = 0) => _channel.Writer.TryWrite(new GossipInput(kind, default, length, subject));

    /// <summary>Hands a request over. False when too many wait already or the loop has ended.</summary>
    public bool TryPostRequest(IGossipRequest request)
    {
        if (_isClosed) return false;
        if (Interlocked.Increment(ref _requests) <= RequestsMax && _channel.Writer.TryWrite(new GossipInput(GossipInputKind.Request, Subject: request))) return true;
        Interlocked.Decrement(ref _requests);
        return false;
    }

    /// <summary>A request was taken out.</summary>
    public void OnRequestTaken() => Interlocked.Decrement(ref _requests);

    /// <summary>Asks the loop to end.</summary>
    public void Close()
    {
        _isClosed = true;
        Wake();
    }

    /// <summary>The loop has ended: nothing gets in any more.</summary>
    public void Complete()
    {
        _isClosed = true;
        _channel.Writer.TryComplete();
    }
}
