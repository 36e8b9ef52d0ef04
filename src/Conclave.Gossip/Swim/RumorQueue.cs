using Conclave.Gossip.Broadcasts;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Swim;

/// <summary>What others are to know about members: at most one rumour about each, the newest.</summary>
/// <param name="scratch">Where rumours are written.</param>
internal sealed class RumorQueue(GossipScratch scratch)
{
    // Rumours that went out often enough, for those to come.
    private const int FreeMax = 64;

    private readonly BroadcastTiers<Rumor> _tiers = new();
    private readonly List<Rumor> _taken = [];
    private readonly Stack<Rumor> _free = [];

    public int Count => _tiers.Count;

    /// <summary>Adds a rumour in place of what there was about the member.</summary>
    /// <param name="node">The member.</param>
    /// <param name="kind">Alive, suspect or dead.</param>
    /// <param name="incarnation">The incarnation it is about.</param>
    /// <param name="from">Who accuses; null for alive.</param>
    public void Add(SwimNode node, MessageType kind, uint incarnation, NodeName? from = null)
    {
        Remove(node);
        var rumor = _free.TryPop(out var free) ? free : new Rumor();
        rumor.Set(node, kind, incarnation, from, scratch.Message);
        rumor.Ticket = _tiers.NextTicket();
        node.Rumor = rumor;
        _tiers.Insert(rumor);
    }

    /// <summary>Drops what there is about a member.</summary>
    public void Remove(SwimNode node)
    {
        if (node.Rumor is not { } rumor) return;
        _tiers.Remove(rumor);
        Release(rumor);
    }

    /// <summary>Adds rumours to a packet for as long as some fit. Each counts as sent once; those sent <paramref name="transmitLimit"/> times are dropped.</summary>
    public void Fill(CompoundWriter packet, int transmitLimit)
    {
        int tier = 0;
        while (_tiers.TryTake(ref tier, packet.RoomLeft) is { } rumor)
        {
            rumor.Write(scratch.Message);
            packet.TryAdd(scratch.Message.WrittenSpan);
            _taken.Add(rumor);
        }
        // Put back only now, so that no rumour goes into one packet twice.
        foreach (var rumor in _taken)
        {
            rumor.Sent++;
            if (rumor.Sent < transmitLimit) _tiers.Insert(rumor);
            else Release(rumor);
        }
        _taken.Clear();
    }

    private void Release(Rumor rumor)
    {
        rumor.Node!.Rumor = null;
        rumor.Clear();
        if (_free.Count < FreeMax) _free.Push(rumor);
    }
}
