using System.Buffers;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>A layer above that costs nothing, where costs are measured.</summary>
internal sealed class QuietOwner : ISwimOwner
{
    private static readonly byte[] s_meta = new byte[180], s_coordinate = new byte[130];

    public ReadOnlyMemory<byte> Meta => s_meta;

    public bool HasBroadcasts => false;

    public ReadOnlySpan<byte> AckPayload => s_coordinate;

    public int Probed { get; private set; }

    public string? Refuse(string name, GossipEndpoint endpoint, ReadOnlySpan<byte> meta, ReadOnlySpan<byte> versions) => null;

    public string? RefuseMerge(in PushPull state) => null;

    public SwimNode NodeFor(NodeName name) => new(name);

    public void OnJoined(SwimNode node)
    {
    }

    public void OnUpdated(SwimNode node)
    {
    }

    public void OnGone(SwimNode node)
    {
    }

    public void OnConflict(SwimNode known, GossipEndpoint other, ReadOnlySpan<byte> meta)
    {
    }

    public void OnUserMessage(GossipEndpoint from, ReadOnlySpan<byte> message)
    {
    }

    public void FillBroadcasts(CompoundWriter packet, int transmitLimit)
    {
    }

    public void WriteState(IBufferWriter<byte> output, bool isJoin)
    {
    }

    public void MergeState(ReadOnlySpan<byte> state, bool isJoin)
    {
    }

    public void OnProbed(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload) => Probed++;

    public void OnExchanged(long ticket, string? error)
    {
    }

    public void OnLeaveSent()
    {
    }
}
