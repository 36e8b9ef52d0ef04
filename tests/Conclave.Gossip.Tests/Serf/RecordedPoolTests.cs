using System.Text;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Streams;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>What real members said, said to a pool of ours.</summary>
public sealed class RecordedPoolTests
{
    [Fact]
    public void Nothing_that_was_recorded_disturbs_a_pool()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        long stream = -10_000;
        foreach (var vector in GossipVectors.All)
            net.Do(hosts[0], pool =>
            {
                if (vector.IsPacket)
                {
                    pool.OnDatagram(PoolNet.EndpointOf(50), vector.Bytes);
                    return;
                }
                Assert.True(pool.TryAccept(--stream, PoolNet.EndpointOf(50)));
                pool.OnStreamBytes(stream, vector.Bytes);
                pool.OnStreamEnded(stream, null);
            });
        net.Run(TimeSpan.FromMinutes(10));
        Assert.Equal((MemberStatus.Alive, MemberStatus.Alive), (hosts[0].StatusOf("a"), hosts[0].StatusOf("b")));
        Assert.Equal(2, hosts[0].Pool.AliveCount);
    }

    [Theory]
    [InlineData("serf-messages", "user event, CC false / serf-0.9.4 / 1", "restart", "")]
    [InlineData("serf-messages", "user event, CC false / consul-1.10.11 / 1", "consul:new-leader", "a1")]
    public void A_recorded_user_event_is_told_and_passed_on_as_it_was(string file, string name, string told, string payload)
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        byte[] recorded = Vector(file, name).Bytes;
        net.Packets.Clear();
        net.Do(hosts[0], pool => pool.OnDatagram(PoolNet.EndpointOf(50), recorded));
        var happened = Assert.Single(hosts[0].Told(GossipEventKind.User));
        Assert.Equal((told, payload, 1ul), (happened.Name, Encoding.UTF8.GetString(happened.Payload.Span), happened.LamportTime));
        net.Run(TimeSpan.FromSeconds(2));
        Assert.Single(hosts[1].Told(GossipEventKind.User));
        byte[] message = Assert.Single(SerfMessages.UserMessagesIn([recorded]));
        Assert.Contains(SerfMessages.UserMessagesIn(net.Packets.Where(packet => packet.From == hosts[0]).Select(packet => packet.Bytes)), sent => sent.SequenceEqual(message));
    }

    [Fact]
    public void A_recorded_exchange_brings_members_clocks_and_events()
    {
        var vector = Vector("memberlist-tcp", "push/pull with buffered user events / serf-0.9.4 / 1");
        var state = vector.Decoded.GetProperty("userState").GetProperty("body");
        using var net = new PoolNet();
        var host = net.Add("x");
        net.Do(host, pool =>
        {
            Assert.True(pool.TryAccept(-1, PoolNet.EndpointOf(50)));
            pool.OnStreamBytes(-1, vector.Bytes);
        });
        foreach (var node in vector.Decoded.GetProperty("nodes").EnumerateArray())
        {
            bool isThere = node.GetProperty("State").GetString() is "0 alive";
            Assert.Equal(isThere ? MemberStatus.Alive : MemberStatus.None, host.StatusOf(node.GetProperty("Name").GetString()!));
        }
        var numbers = host.Pool.Numbers;
        Assert.True(numbers.MemberTime >= state.GetProperty("LTime").GetUInt64());
        Assert.Equal((state.GetProperty("EventLTime").GetUInt64(), state.GetProperty("QueryLTime").GetUInt64()), (numbers.EventTime, numbers.QueryTime));
        int events = state.GetProperty("Events").GetProperty("used").EnumerateArray().Sum(slot => slot.GetProperty("Events").GetArrayLength());
        Assert.True(events > 0);
        Assert.Equal(events, host.Told(GossipEventKind.User).Length);
    }

    [Fact]
    public void Our_state_tells_times_of_all_members_who_left_and_only_the_used_slots()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        net.Do(hosts[1], pool => pool.TryFireEvent("e", "p"u8, false, out _));
        net.Do(hosts[2], pool => pool.Leave(1));
        net.Run(TimeSpan.FromSeconds(10));
        hosts[2].IsStopped = true;
        byte[] answer = [];
        hosts[0].Pool.TryAccept(-50, hosts[1].Endpoint);
        hosts[0].Pool.OnStreamBytes(-50, SerfMessages.Exchange([], isJoin: false));
        answer = hosts[0].Pool.Outbox.Answers[0].Bytes.ToArray();
        var decoder = new StreamDecoder(isAnswer: true);
        Assert.True(decoder.TryRead(new(answer), out var message));
        var exchange = GossipCodec.DecodePushPull(message.Body.Span);
        Assert.Equal(3, exchange.Nodes.Count);
        var state = GossipCodec.Decode<SerfState>(exchange.UserState[1..]);
        var names = new List<string>();
        foreach (var time in state.StatusLTimes) names.Add(Encoding.UTF8.GetString(time.Node));
        Assert.Equal(["a", "b", "c"], names.Order());
        foreach (var left in state.LeftMembers) Assert.Equal("c", Encoding.UTF8.GetString(left.Utf8));
        Assert.Equal((1, 1), (state.LeftMembers.Count, state.Events.Count));
        foreach (var slot in state.Events)
            foreach (var seen in slot.Events) Assert.Equal((1ul, "e", "p"), (slot.LTime, Encoding.UTF8.GetString(seen.Name), Encoding.UTF8.GetString(seen.Payload.Span)));
        Assert.Equal(2ul, state.EventLTime);
    }

    [Fact]
    public void A_dispute_is_answered_with_the_member_as_it_was_recorded()
    {
        var recorded = Vector("serf-messages", "conflict response / serf-0.9.4 / 1").Decoded.GetProperty("msg").GetProperty("inner").GetProperty("body").GetProperty("Payload").GetProperty("hex").GetString()!;
        byte[] payload = Convert.FromHexString(recorded);
        var member = GossipCodec.Decode<SerfMember>(payload.AsSpan(1));
        var tags = new List<KeyValuePair<string, string>>();
        foreach (var tag in member.Tags) tags.Add(new(Encoding.UTF8.GetString(tag.Name), Encoding.UTF8.GetString(tag.Value)));
        string name = Encoding.UTF8.GetString(member.Name);
        byte[] versions = new byte[ProtocolVersions.Size];
        member.Versions.CopyTo(versions);
        var endpoint = GossipEndpoint.From(member.Addr.Span, member.Port);

        using var net = new PoolNet();
        var other = net.Add("s1");
        var disputed = net.Add(name, config => config with { Tags = tags, Versions = versions }, endpoint: endpoint);
        net.Join(disputed, other);
        net.Run(TimeSpan.FromSeconds(2));
        net.Packets.Clear();
        net.Do(other, pool => pool.OnDatagram(endpoint, SerfMessages.Query("_serf_conflict", 9, 1, endpoint, name, QueryFlags.NoBroadcast, payload: Encoding.UTF8.GetBytes(name))));
        byte[] sent = Assert.Single(SerfMessages.UserMessagesIn(net.Packets.Where(packet => packet.From == other && packet.To == endpoint).Select(packet => packet.Bytes)));
        Assert.Equal((byte)SerfMessageType.QueryResponse, sent[0]);
        var response = GossipCodec.Decode<QueryResponse>(sent.AsSpan(1));
        Assert.Equal(recorded.Length / 2, response.Payload.Length);
        var told = GossipCodec.Decode<SerfMember>(response.Payload.Span[1..]);
        Assert.Equal((name, member.Port, member.Status, member.Versions, member.Tags.Count), (Encoding.UTF8.GetString(told.Name), told.Port, told.Status, told.Versions, told.Tags.Count));
    }

    [Fact]
    public void Own_acks_carry_the_coordinate_of_the_form_that_was_recorded()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        net.Run(TimeSpan.FromMinutes(1));
        Assert.True(hosts[0].Pool.TryGetCoordinate("b", out var other));
        Assert.NotEqual(1.5, other.Error);
        Assert.True(hosts[0].Pool.TryGetCoordinate("a", out var own));
        Assert.Same(hosts[0].Pool.Coordinate, own);
        Assert.True(own.Error < 1.5);
        Assert.False(hosts[0].Pool.TryGetCoordinate("nobody", out _));
        Assert.Equal(0, hosts[0].Pool.Numbers.CoordinateResets);
        long expected = Gossip.Coordinates.Vivaldi.DistanceNanoseconds(own, other);
        Assert.InRange(expected, 100_000, 20_000_000);
    }

    [Fact]
    public void Without_coordinates_none_are_told_or_learned()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2, config => config with { EnableCoordinates = config.Name == "a" });
        net.Run(TimeSpan.FromSeconds(20));
        Assert.False(hosts[0].Pool.TryGetCoordinate("b", out _));
        Assert.False(hosts[1].Pool.TryGetCoordinate("a", out _));
        Assert.Equal(1.5, hosts[1].Pool.Coordinate.Error);
    }

    private static GossipVector Vector(string file, string name) => GossipVectors.All.First(vector => vector.File == file && vector.Name == name);
}
