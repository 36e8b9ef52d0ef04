using System.Buffers;
using Conclave.Gossip;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Simulation.Gossip;

/// <summary>Takes single messages out of packets on their way, or changes them: for planted bugs that a real member would have by not sending or not heeding them. Knows no keys.</summary>
internal sealed class PacketSieve(string? mutation)
{
    private readonly PacketReader _reader = new();
    private readonly CompoundWriter _left = new(GossipLimits.PacketBytesMax);
    private readonly ArrayBufferWriter<byte> _changed = new();

    /// <summary>Whether a planted bug needs this at all.</summary>
    public static bool IsNeeded(string? mutation) => mutation is GossipMutations.NoRefutation or GossipMutations.LeaveUnsaid;

    /// <summary>What is left of a packet; empty when nothing is. Good until the next call.</summary>
    public ReadOnlySpan<byte> Sift(ReadOnlySpan<byte> packet)
    {
        if (_reader.Open(packet) != PacketFault.None) return packet;
        _left.Clear();
        bool isSifted = false;
        while (_reader.TryNext(out var type, out var body))
        {
            if (IsTakenOut(type, body)) isSifted = true;
            else
            {
                bool isChanged = TryChange(type, body);
                isSifted |= isChanged;
                byte[] message = isChanged ? _changed.WrittenSpan.ToArray() : [(byte)type, .. body];
                if (!_left.TryAdd(message)) return packet;
            }
        }
        return !isSifted ? packet : _left.Count == 0 ? default : _left.Build();
    }

    private bool IsTakenOut(MessageType type, ReadOnlySpan<byte> body) => mutation switch
    {
        GossipMutations.NoRefutation => type == MessageType.Alive && GossipCodec.Decode<Alive>(body).Incarnation > 1,
        GossipMutations.LeaveUnsaid => type == MessageType.User && !body.IsEmpty && body[0] == (byte)SerfMessageType.Leave,
        _ => false,
    };

    // Who is dead by its own word has left; without that name it is dead by anybody's.
    private bool TryChange(MessageType type, ReadOnlySpan<byte> body)
    {
        if (mutation != GossipMutations.LeaveUnsaid || type != MessageType.Dead) return false;
        var dead = GossipCodec.Decode<Accusation>(body);
        if (!dead.From.SequenceEqual(dead.Node)) return false;
        _changed.Clear();
        GossipCodec.EncodeDead(_changed, new Accusation { Incarnation = dead.Incarnation, Node = dead.Node });
        return true;
    }
}
