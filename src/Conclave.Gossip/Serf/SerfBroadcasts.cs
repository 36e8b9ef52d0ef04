using Conclave.Gossip.Broadcasts;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Serf;

/// <summary>
/// What Serf tells all members: intents, queries and user events, in queues of their own, so that a flood of one kind leaves room for the others. A full
/// queue gives up the message that was sent most often, the oldest of these; the check of the queues says so in the log.
/// </summary>
internal sealed class SerfBroadcasts(SerfContext context)
{
    /// <summary>Messages that each queue holds in a small pool; in large ones twice as many as there are members.</summary>
    public const int DepthMin = 4096;

    // The header of a compound, checksum and encryption stand in each packet besides the message.
    private const int PacketOverheadBytes = 100;

    // Longest name and a time fit in; members say nothing longer of themselves.
    private const int IntentBytesUsual = 256;

    private long _droppedWhenChecked;

    public BroadcastQueue Intents { get; } = new(DepthMin);

    public BroadcastQueue Queries { get; } = new(DepthMin);

    public BroadcastQueue Events { get; } = new(DepthMin);

    public bool Any => Intents.Count + Queries.Count + Events.Count > 0;

    public long Dropped => Intents.Dropped + Queries.Dropped + Events.Dropped;

    public void Fill(CompoundWriter packet, int transmitLimit)
    {
        Intents.Fill(packet, transmitLimit);
        Queries.Fill(packet, transmitLimit);
        Events.Fill(packet, transmitLimit);
    }

    /// <summary>Passes on a message as it was received; one that is too long for a packet reaches the others with exchanges only, if at all.</summary>
    public void PassOn(BroadcastQueue queue, ReadOnlySpan<byte> message)
    {
        if (message.Length <= context.Config.PacketBytes - PacketOverheadBytes) queue.Add([(byte)MessageType.User, .. message]);
    }

    /// <summary>Passes on an intent as it was received. After a storm of joins each member has one about each other: pools that share what they know share these too.</summary>
    public void PassOnIntent(ReadOnlySpan<byte> message)
    {
        if (message.Length >= IntentBytesUsual)
        {
            PassOn(Intents, message);
            return;
        }
        Span<byte> whole = stackalloc byte[IntentBytesUsual];
        whole[0] = (byte)MessageType.User;
        message.CopyTo(whole[1..]);
        Intents.Add(context.Scratch.Copy(whole[..(message.Length + 1)]));
    }

    /// <summary>Tells all that a member leaves, many of them at once; returns the ticket of the message in <see cref="Intents"/>.</summary>
    public ulong Add(in LeaveIntent intent)
    {
        GossipCodec.Encode(Begin(), intent);
        context.Swim.TellAtOnce(context.Buffer.WrittenSpan);
        return Intents.Add(context.Buffer.ToArray());
    }

    /// <summary>Tells again, in the ordinary rounds, that a member leaves.</summary>
    public void Repeat(in LeaveIntent intent)
    {
        GossipCodec.Encode(Begin(), intent);
        Intents.Add(context.Buffer.ToArray());
    }

    /// <summary>Tells all that a member has joined.</summary>
    public void Add(in JoinIntent intent)
    {
        GossipCodec.Encode(Begin(), intent);
        Intents.Add(context.Buffer.ToArray());
    }

    /// <summary>Fits the bounds to the pool's size, and says what was lost since the last time.</summary>
    public void Check(int members)
    {
        int depth = Math.Max(DepthMin, 2 * members);
        Intents.EntriesMax = Queries.EntriesMax = Events.EntriesMax = depth;
        long dropped = Dropped - _droppedWhenChecked;
        _droppedWhenChecked = Dropped;
        if (dropped > 0)
            context.Log(GossipLogLevel.Warning, $"{dropped} messages to be gossiped were given up because a queue was full ({depth}): intents {Intents.Count}, queries {Queries.Count}, events {Events.Count} are waiting");
    }

    private Core.PooledBuffer Begin()
    {
        context.Buffer.Clear();
        context.Buffer.GetSpan(1)[0] = (byte)MessageType.User;
        context.Buffer.Advance(1);
        return context.Buffer;
    }
}
