using Conclave.Core;
using Conclave.Gossip.Broadcasts;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Swim;

/// <summary>
/// Something about a member that others are to know. Holds no bytes: it is written when a packet has room for it, from the member's state, which cannot have
/// changed since, because each change replaces the rumour. Objects are used again.
/// </summary>
internal sealed class Rumor : Broadcast
{
    public SwimNode? Node { get; private set; }

    /// <summary>Alive, suspect or dead.</summary>
    private MessageType Kind { get; set; }

    private uint Incarnation { get; set; }

    /// <summary>Who accuses.</summary>
    private NodeName? From { get; set; }

    public void Set(SwimNode node, MessageType kind, uint incarnation, NodeName? from, PooledBuffer buffer)
    {
        (Node, Kind, Incarnation, From, Sent) = (node, kind, incarnation, from, 0);
        Write(buffer);
        Length = buffer.WrittenCount;
    }

    public void Clear() => (Node, From) = (null, null);

    /// <summary>Replaces what is in the buffer by the message.</summary>
    public void Write(PooledBuffer buffer)
    {
        buffer.Clear();
        if (Kind == MessageType.Alive) WriteAlive(buffer, Node!, Incarnation);
        else if (Kind == MessageType.Suspect) GossipCodec.EncodeSuspect(buffer, Accusation());
        else GossipCodec.EncodeDead(buffer, Accusation());
    }

    private Accusation Accusation() => new() { Incarnation = Incarnation, Node = Node!.Key.Utf8, From = From!.Utf8 };

    /// <summary>Writes behind what is in the buffer that a member is there.</summary>
    public static void WriteAlive(PooledBuffer buffer, SwimNode node, uint incarnation)
    {
        Span<byte> address = stackalloc byte[GossipEndpoint.AddressBytesMax];
        Span<byte> versions = stackalloc byte[ProtocolVersions.Size];
        var endpoint = node.Endpoint;
        ProtocolVersions.Unpack(node.Versions).CopyTo(versions);
        GossipCodec.Encode(buffer, new Alive
        {
            Incarnation = incarnation,
            Node = node.Key.Utf8,
            Addr = (ReadOnlySpan<byte>)address[..endpoint.CopyAddress(address)],
            Port = endpoint.Port,
            Meta = node.Meta.Span,
            Vsn = (ReadOnlySpan<byte>)versions,
        });
    }
}
