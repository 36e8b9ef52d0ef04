using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;
using Conclave.Gossip.Streams;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>Streams: exchanges of states, pings, user messages; who is refused, and what it may cost.</summary>
public sealed class StreamTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly SwimNet _net = new();

    [Fact]
    public void An_exchange_tells_both_sides_what_the_other_knows()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        (a.UserState, b.UserState) = ([1], [2]);
        _net.Give(a, SwimMessages.Alive("c", SwimNet.EndpointOf(70), 5));
        long ticket = _net.Join(b, a);
        Assert.Equal([(ticket, null)], b.Exchanges);
        Assert.Equal(3, b.Core.NodeCount);
        Assert.Equal(3, a.Core.NodeCount);
        Assert.Equal((1, 1), (a.Merged, b.Merged));
    }

    [Fact]
    public void The_dead_of_others_are_suspects_for_us_and_those_who_left_have_left()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        foreach (var host in new[] { a, b })
            foreach (var (name, number) in new[] { ("dead", 70), ("left", 71), ("suspect", 72) }) _net.Give(host, SwimMessages.Alive(name, SwimNet.EndpointOf(number), 1));
        _net.Give(a, SwimMessages.Dead("dead", 1, "x"));
        _net.Give(a, SwimMessages.Dead("left", 1, "left"));
        _net.Give(a, SwimMessages.Suspect("suspect", 1, "x"));
        _net.Join(b, a);
        Assert.Equal(SwimState.Suspect, b.StateOf("dead"));
        Assert.Equal(SwimState.Left, b.StateOf("left"));
        Assert.Equal(SwimState.Suspect, b.StateOf("suspect"));
    }

    [Fact]
    public void The_dead_and_gone_of_others_do_not_become_known()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        _net.Give(a, SwimMessages.Alive("dead", SwimNet.EndpointOf(70), 1));
        _net.Give(a, SwimMessages.Dead("dead", 1, "x"));
        _net.Join(b, a);
        Assert.Equal(2, b.Core.NodeCount);
    }

    [Fact]
    public void A_merge_that_is_refused_changes_nothing_and_the_dialler_is_not_told()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        a.MergeRefusal = "another datacenter";
        _net.Join(b, a);
        Assert.Null(b.Exchanges[0].Error);
        Assert.Equal((1, 2), (a.Core.NodeCount, b.Core.NodeCount));
        Assert.Contains(_net.Log, line => line.StartsWith("a:", StringComparison.Ordinal) && line.Contains("another datacenter", StringComparison.Ordinal));
    }

    [Fact]
    public void A_merge_refused_by_the_dialler_is_an_error_of_the_exchange()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        b.MergeRefusal = "another datacenter";
        _net.Join(b, a);
        Assert.Equal("another datacenter", b.Exchanges[0].Error);
        Assert.Equal((2, 1), (a.Core.NodeCount, b.Core.NodeCount));
    }

    [Fact]
    public void An_exchange_that_is_no_join_does_not_ask_about_the_merge()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        a.MergeRefusal = b.MergeRefusal = "no";
        _net.Do(b, host => host.Core.Exchange(new GossipTarget(a.Endpoint), isJoin: false));
        _net.Run(TimeSpan.FromMilliseconds(10));
        Assert.Equal((2, 2), (a.Core.NodeCount, b.Core.NodeCount));
    }

    [Theory]
    [InlineData(new byte[] { 6, 6, 6, 2, 5, 4 }, "protocol version (6) is incompatible: [6, 5]")]
    [InlineData(new byte[] { 1, 5, 2, 5, 5, 5 }, "delegate protocol version (4) is incompatible: [5, 5]")]
    public void Members_who_do_not_understand_each_other_are_not_merged(byte[] versions, string error)
    {
        var a = _net.Add("a");
        var ticket = Dial(a, out long stream);
        Answer(a, stream, State(false, ("x", SwimNet.EndpointOf(70), 0, versions)));
        Assert.Equal(ticket, a.Exchanges[0].Ticket);
        Assert.Contains(error, a.Exchanges[0].Error, StringComparison.Ordinal);
        Assert.Equal(1, a.Core.NodeCount);
    }

    [Fact]
    public void Members_without_versions_are_left_out_and_the_others_taken_in()
    {
        var a = _net.Add("a");
        Dial(a, out long stream);
        Answer(a, stream, State(false, ("bad", SwimNet.EndpointOf(70), 0, []), ("good", SwimNet.EndpointOf(71), 0, SwimMessages.Versions)));
        Assert.Null(a.Exchanges[0].Error);
        Assert.Null(a.Core.Find("bad"));
        Assert.NotNull(a.Core.Find("good"));
    }

    [Fact]
    public void A_dial_that_fails_and_one_that_is_never_answered_are_errors()
    {
        var a = _net.Add("a");
        long refused = a.Core.Exchange(new GossipTarget(SwimNet.EndpointOf(99)), isJoin: true);
        _net.CarryOut(a);
        _net.Run(TimeSpan.FromSeconds(1));
        Assert.Equal([(refused, "connection refused")], a.Exchanges);

        long silent = Dial(a, out long stream);
        _net.Run(TimeSpan.FromSeconds(10.1));
        Assert.Equal((silent, "i/o timeout"), a.Exchanges[1]);
        a.Core.OnStreamBytes(stream, [6]);
        Assert.Equal(2, a.Exchanges.Count);
    }

    [Fact]
    public void A_ping_by_stream_is_answered_and_one_for_another_is_not()
    {
        var a = _net.Add("a", c => c with { EnableCompression = false });
        Request(a, -1, SwimMessages.Ping(7, "a"));
        Assert.Equal("ack 7", SwimMessages.Read(a.Outbox.Answers[0].Bytes.ToArray())[0]);
        a.Outbox.Clear();
        Request(a, -2, SwimMessages.Ping(7, "b"));
        Assert.Empty(a.Outbox.Answers);
        Assert.Equal([-2], a.Outbox.Closes);
    }

    [Fact]
    public void A_user_message_by_stream_is_handled_like_one_by_packet()
    {
        var a = _net.Add("a");
        using var message = new PooledBuffer();
        GossipCodec.EncodeUserMessage(message, "hello"u8);
        Request(a, -1, message.ToArray());
        Assert.Equal(["hello"], a.UserMessages);
        Assert.Equal([-1], a.Outbox.Closes);
    }

    [Theory]
    [InlineData(true, false, StreamDecoder.NotEncrypted)]
    [InlineData(false, true, StreamDecoder.NoKeys)]
    public void Whoever_encrypts_wrongly_is_told_so(bool acceptorEncrypts, bool diallerEncrypts, string text)
    {
        var a = _net.Add("a", keyring: acceptorEncrypts ? new Keyring(new GossipKey(s_key)) : null);
        var b = _net.Add("b", keyring: diallerEncrypts ? new Keyring(new GossipKey(s_key)) : null);
        b.Core.Exchange(new GossipTarget(a.Endpoint), isJoin: true);
        var dial = b.Outbox.Dials[0].Bytes.ToArray();
        Request(a, -1, dial);
        var decoder = new StreamDecoder(isAnswer: true, keyring: acceptorEncrypts ? new Keyring(new GossipKey(s_key)) : null);
        Assert.True(decoder.TryRead(new ReadOnlySequence<byte>(a.Outbox.Answers[0].Bytes), out var answer));
        Assert.Equal(MessageType.Error, answer.Type);
        Assert.Equal(text, Encoding.UTF8.GetString(GossipCodec.Decode<ErrorAnswer>(answer.Body.Span).Error));
    }

    [Fact]
    public void An_error_answer_is_the_error_of_the_exchange()
    {
        var a = _net.Add("a");
        Dial(a, out long stream);
        using var message = new PooledBuffer();
        GossipCodec.Encode(message, new ErrorAnswer { Error = "go away"u8 });
        a.Core.OnStreamBytes(stream, message.WrittenSpan);
        Assert.Equal("remote error: go away", a.Exchanges[0].Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pools_with_keys_and_a_label_talk_by_packet_and_stream(bool compress)
    {
        var hosts = new SwimHost[4];
        for (int i = 0; i < hosts.Length; i++)
        {
            hosts[i] = _net.Add("m" + i, c => c with { Label = "pool"u8.ToArray(), EnableCompression = compress }, new Keyring(new GossipKey(s_key)));
            if (i > 0) _net.Join(hosts[i], hosts[0]);
        }
        _net.Run(TimeSpan.FromSeconds(20));
        Assert.All(hosts, h => Assert.Equal(4, h.Core.AliveCount));
        Assert.All(hosts, h => Assert.Equal((0L, 0L), (h.Core.Numbers.PacketsDropped, h.Core.Numbers.ProbesFailed)));
        Assert.All(_net.Packets, p => Assert.InRange(p.Bytes.Length, 1, 1400));
    }

    [Fact]
    public void Another_key_becomes_effective_at_once_and_members_follow_one_by_one()
    {
        var hosts = new SwimHost[3];
        for (int i = 0; i < hosts.Length; i++)
        {
            hosts[i] = _net.Add("m" + i, null, new Keyring(new GossipKey(s_key)));
            if (i > 0) _net.Join(hosts[i], hosts[0]);
        }
        byte[] next = new byte[16];
        foreach (var host in hosts) Assert.True(host.Core.Keyring!.TryInstall(next));
        _net.Run(TimeSpan.FromSeconds(5));
        foreach (var host in hosts)
        {
            Assert.True(host.Core.Keyring!.TryUse(next));
            _net.Run(TimeSpan.FromSeconds(5));
        }
        foreach (var host in hosts) Assert.True(host.Core.Keyring!.TryRemove(s_key));
        _net.Run(TimeSpan.FromSeconds(20));
        Assert.All(hosts, h => Assert.Equal((0L, 0L, 3), (h.Core.Numbers.PacketsDropped, h.Core.Numbers.ProbesFailed, h.Core.AliveCount)));
    }

    [Fact]
    public void Encryption_can_be_switched_on_while_the_pool_runs()
    {
        var plain = _net.Add("plain", c => c with { VerifyIncoming = false, VerifyOutgoing = false }, new Keyring(new GossipKey(s_key)));
        var sealing = _net.Add("sealing", c => c with { VerifyIncoming = false }, new Keyring(new GossipKey(s_key)));
        _net.Join(sealing, plain);
        _net.Join(plain, sealing);
        _net.Run(TimeSpan.FromSeconds(20));
        Assert.All(_net.Hosts, h => Assert.Equal((0L, 0L, 2), (h.Core.Numbers.PacketsDropped, h.Core.Numbers.ProbesFailed, h.Core.AliveCount)));
        Assert.All(_net.Hosts, h => Assert.All(h.Exchanges, e => Assert.Null(e.Error)));
    }

    [Fact]
    public void Streams_waited_for_are_bounded_and_those_that_end_make_room()
    {
        var a = _net.Add("a");
        for (int i = 1; i <= GossipLimits.StreamsAcceptedMax; i++) Assert.True(a.Core.TryAccept(-i, SwimNet.EndpointOf(70)));
        Assert.False(a.Core.TryAccept(-1000, SwimNet.EndpointOf(70)));
        a.Core.OnStreamEnded(-5, null);
        Assert.True(a.Core.TryAccept(-1000, SwimNet.EndpointOf(70)));
        Assert.False(a.Core.TryAccept(-1001, SwimNet.EndpointOf(70)));
        _net.Run(TimeSpan.FromSeconds(10.1));
        Assert.True(a.Core.TryAccept(-1001, SwimNet.EndpointOf(70)));
    }

    [Fact]
    public void A_lying_length_costs_no_more_than_the_bytes_that_came()
    {
        var a = _net.Add("a");
        byte[] lie = [6, 0x83, 0xa5, (byte)'N', (byte)'o', (byte)'d', (byte)'e', (byte)'s', 0xce, 0, 0x0f, 0xff, 0xff, 0xac, .. "UserStateLen"u8, 0xce, 1, 0, 0, 0, 0xa4, .. "Join"u8, 0xc3];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i <= 100; i++)
        {
            Assert.True(a.Core.TryAccept(-i, SwimNet.EndpointOf(70)));
            a.Core.OnStreamBytes(-i, lie);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400_000);
    }

    [Fact]
    public void All_streams_together_hold_a_bounded_number_of_bytes_and_the_largest_goes_first()
    {
        var a = _net.Add("a");
        byte[] start = [8, 0x81, 0xaa, .. "UserMsgLen"u8, 0xce, 1, 0x40, 0, 0];
        var chunk = new byte[1 << 20];
        for (int i = 1; i <= 5; i++)
        {
            Assert.True(a.Core.TryAccept(-i, SwimNet.EndpointOf(70)));
            a.Core.OnStreamBytes(-i, start);
        }
        for (int round = 0; round < 15; round++)
            for (int i = 1; i <= 5; i++) a.Core.OnStreamBytes(-i, chunk);
        Assert.Contains(a.Outbox.Log, line => line.Text.Contains("too much data", StringComparison.Ordinal));
        Assert.NotEmpty(a.Outbox.Answers);
        Assert.True(a.Outbox.Answers.Count < 5);
    }

    [Fact]
    public void A_stream_cut_anywhere_harms_nobody()
    {
        var (a, b) = (_net.Add("a"), _net.Add("b"));
        b.Core.Exchange(new GossipTarget(a.Endpoint), isJoin: true);
        var dial = b.Outbox.Dials[0].Bytes.ToArray();
        for (int cut = 0; cut <= dial.Length; cut++)
        {
            Assert.True(a.Core.TryAccept(-1 - cut, SwimNet.EndpointOf(70)));
            a.Core.OnStreamBytes(-1 - cut, dial.AsSpan(0, cut));
            a.Core.OnStreamEnded(-1 - cut, null);
        }
        Assert.Equal(2, a.Core.NodeCount);
        Assert.Single(a.Outbox.Answers);
    }

    private static void Request(SwimHost host, long stream, byte[] bytes)
    {
        Assert.True(host.Core.TryAccept(stream, SwimNet.EndpointOf(70)));
        foreach (byte part in bytes) host.Core.OnStreamBytes(stream, [part]);
    }

    private static long Dial(SwimHost host, out long stream)
    {
        host.Outbox.Clear();
        long ticket = host.Core.Exchange(new GossipTarget(SwimNet.EndpointOf(99)), isJoin: true);
        stream = host.Outbox.Dials[0].Stream;
        host.Outbox.Clear();
        return ticket;
    }

    private static void Answer(SwimHost host, long stream, byte[] state) => host.Core.OnStreamBytes(stream, state);

    private static byte[] State(bool isJoin, params (string Name, GossipEndpoint Endpoint, int State, byte[] Versions)[] nodes)
    {
        using var list = new EncodedListBuilder<NodeState>(100_000);
        foreach (var (name, endpoint, state, versions) in nodes)
            list.Add(new NodeState
            {
                Name = Encoding.UTF8.GetBytes(name),
                Addr = (ReadOnlySpan<byte>)SwimMessages.AddressOf(endpoint),
                Port = endpoint.Port,
                Incarnation = 1,
                Status = (NodeStatus)state,
                Vsn = (ReadOnlySpan<byte>)versions,
            });
        using var output = new PooledBuffer();
        GossipCodec.Encode(output, new PushPull { Join = isJoin, Nodes = list.List });
        return output.ToArray();
    }
}
