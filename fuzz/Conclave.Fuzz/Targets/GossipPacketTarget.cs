using Conclave.Gossip;
using Conclave.Gossip.Packets;

namespace Conclave.Fuzz.Targets;

/// <summary>A packet: taking it apart ends, in memory set aside before, and each message in it stays the same when it is written again.</summary>
internal static class GossipPacketTarget
{
    // No message is shorter than a byte, so a packet and all it unpacks to hold no more than this, on each level.
    private const int MessagesMax = (GossipLimits.PacketBytesMax + GossipLimits.PacketUnpackedBytesMax) * GossipLimits.PacketNestingMax;

    private static readonly PacketReader s_reader = new();

    public static void Run(ReadOnlySpan<byte> data)
    {
        if (s_reader.Open(data, label: default, GossipMessages.Keyring, mayBePlain: true) != PacketFault.None) return;
        int messages = 0;
        while (s_reader.TryNext(out var type, out var body))
        {
            Promise.Holds(++messages <= MessagesMax, "a packet holds a bounded number of messages");
            GossipMessages.Check(type, body, isStream: false);
        }
    }
}
