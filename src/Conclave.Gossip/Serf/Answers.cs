using System.Buffers;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>Where the answers to a query go.</summary>
/// <param name="Time">Lamport time of the query.</param>
/// <param name="Id">Its number.</param>
/// <param name="To">Address of who asks: always one of a member's.</param>
/// <param name="Name">Name of who asks, or empty.</param>
/// <param name="Relays">Members through which each answer is sent once more.</param>
/// <param name="Deadline">When nobody waits for answers any more.</param>
internal readonly record struct AnswerAddress(ulong Time, uint Id, GossipEndpoint To, string Name, int Relays, Instant Deadline);

/// <summary>
/// Sends answers and acknowledgements, and passes on those of others. Bounded so that nobody can be flooded through us: answers go to addresses of members
/// only, at most <see cref="GossipLimits.QueryBytesMax"/> bytes and <see cref="RelaysMax"/> relayed copies for one query, once; what is relayed is an answer,
/// goes to a member, and is no longer than what came in.
/// </summary>
internal sealed class Answers(SerfContext context, MemberBook book)
{
    /// <summary>Most copies of an answer. Peers allow 255, Consul 5.</summary>
    public const int RelaysMax = 16;

    private const byte RelayProtocolMin = 5;

    private readonly List<SwimNode> _relays = [];

    /// <summary>Sends an answer, or an acknowledgement; false when it is too long.</summary>
    public bool TrySend(in AnswerAddress address, QueryFlags flags, GossipBytes payload)
    {
        context.Buffer.Clear();
        GossipCodec.Encode(context.Buffer, new QueryResponse { LTime = address.Time, Id = address.Id, From = context.Self.Utf8, Flags = flags, Payload = payload });
        if (context.Buffer.WrittenCount > GossipLimits.QueryBytesMax) return false;
        context.Swim.SendUser(address.To, address.Name, context.Buffer.WrittenSpan);
        if (address.Relays > 0) SendRelayed(address);
        return true;
    }

    /// <summary>Passes an answer on.</summary>
    public void Relay(ReadOnlySpan<byte> body)
    {
        var header = GossipCodec.DecodeRelay(body, out var message);
        bool isAnswer = message.Length > 0 && message.Length <= GossipLimits.QueryBytesMax && message[0] == (byte)SerfMessageType.QueryResponse;
        if (!isAnswer || !SerfAddress.TryRead(header.Destination.Ip.Span, header.Destination.Port, out var to) || !book.IsAddressOfMember(to, header.DestinationName))
        {
            context.MessagesDropped++;
            return;
        }
        var node = context.Swim.Find(header.DestinationName);
        context.Swim.SendUser(to, node is not null && node.Endpoint == to ? node.Name : "", message);
    }

    // The answer lies in the buffer.
    private void SendRelayed(in AnswerAddress address)
    {
        if (book.Count < address.Relays + 1) return;
        var answer = context.Buffer.ToArray();
        Span<byte> bytes = stackalloc byte[GossipEndpoint.AddressBytesMax];
        ReadOnlySpan<byte> ip = bytes[..address.To.CopyAddress(bytes)];
        context.Buffer.Clear();
        GossipCodec.Encode(context.Buffer, new RelayHeader
        {
            Destination = new RelayAddress { Ip = ip, Port = address.To.Port, Zone = default },
            DestinationName = context.Scratch.Name(address.Name).Utf8,
        });
        context.Buffer.Write(answer);
        if (context.Buffer.WrittenCount > GossipLimits.QueryBytesMax) return;
        ChooseRelays(Math.Min(address.Relays, RelaysMax));
        foreach (var relay in _relays) context.Swim.SendUser(relay.Endpoint, relay.Name, context.Buffer.WrittenSpan);
    }

    private void ChooseRelays(int wanted)
    {
        _relays.Clear();
        var nodes = context.Swim.Nodes;
        // As many draws as peers allow themselves: in a pool that is mostly gone there may be fewer.
        for (int draws = 3 * nodes.Count; draws > 0 && _relays.Count < wanted; draws--)
        {
            var node = nodes[(int)context.Random.Next(nodes.Count)];
            bool isThere = node is MemberRecord { Status: MemberStatus.Alive } && node.Name != context.Config.Name;
            if (isThere && ProtocolVersions.Unpack(node.Versions).Max >= RelayProtocolMin && !_relays.Contains(node)) _relays.Add(node);
        }
    }
}
