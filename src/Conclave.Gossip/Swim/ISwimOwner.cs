using System.Buffers;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Swim;

/// <summary>
/// What <c>SwimCore</c> asks of and tells to the layer above it, which is Serf. All calls come on the loop, from within an input of <c>SwimCore</c>.
/// Spans are borrowed for the call.
/// </summary>
internal interface ISwimOwner
{
    /// <summary>This member's metadata, encoded tags.</summary>
    ReadOnlyMemory<byte> Meta { get; }

    /// <summary>Whether a member may come in or change: asked before a message that says it is there takes effect. Returns the reason against it, or null.</summary>
    string? Refuse(string name, GossipEndpoint endpoint, ReadOnlySpan<byte> meta, ReadOnlySpan<byte> versions);

    /// <summary>Whether all that the other side of a join knows may come in. Returns the reason against it, or null.</summary>
    string? RefuseMerge(in PushPull state);

    /// <summary>The object for a member that membership does not know, or has forgotten: the one that is still kept for it, or a new one.</summary>
    SwimNode NodeFor(NodeName name);

    /// <summary>A member that was unknown, dead or left is there.</summary>
    void OnJoined(SwimNode node);

    /// <summary>A member has other metadata.</summary>
    void OnUpdated(SwimNode node);

    /// <summary>A member is gone (<see cref="SwimNode.State"/> says whether dead or left).</summary>
    void OnGone(SwimNode node);

    /// <summary>Somebody else is there under a name that is in use, at another address.</summary>
    void OnConflict(SwimNode known, GossipEndpoint other, ReadOnlySpan<byte> meta);

    /// <summary>A Serf message arrived, with its type byte, by packet or by stream.</summary>
    void OnUserMessage(GossipEndpoint from, ReadOnlySpan<byte> message);

    /// <summary>Puts Serf's own broadcasts into a packet that has room, behind those of membership. Each message begins with the type byte of user messages.</summary>
    void FillBroadcasts(CompoundWriter packet, int transmitLimit);

    /// <summary>Whether Serf has broadcasts to send.</summary>
    bool HasBroadcasts { get; }

    /// <summary>Writes Serf's state for an exchange with another member.</summary>
    void WriteState(IBufferWriter<byte> output, bool isJoin);

    /// <summary>Takes over what another member's Serf knows; its members were merged before.</summary>
    void MergeState(ReadOnlySpan<byte> state, bool isJoin);

    /// <summary>What an ack to a direct ping carries: the own coordinate.</summary>
    ReadOnlySpan<byte> AckPayload { get; }

    /// <summary>A direct ping was answered.</summary>
    void OnProbed(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload);

    /// <summary>A join or a reconnect ended; <paramref name="error"/> is null when states were exchanged.</summary>
    void OnExchanged(long ticket, string? error);

    /// <summary>The own leave has gone out to enough members, or its time is over.</summary>
    void OnLeaveSent();
}
