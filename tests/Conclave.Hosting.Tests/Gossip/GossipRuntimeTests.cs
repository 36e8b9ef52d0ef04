using System.Net;
using System.Net.Sockets;
using Conclave.Gossip;
using Conclave.Hosting;
using Conclave.Hosting.Gossip;

namespace Conclave.Tests.Gossip;

/// <summary>What a runtime does when its pool breaks, and when others misbehave.</summary>
public sealed class GossipRuntimeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_loop_that_breaks_ends_with_the_reason_and_fails_what_waits()
    {
        await using var runtime = Start(new Listener { OnUser = static () => throw new InvalidOperationException("planted") });
        var leaving = runtime.OperateAsync(static (pool, _) => Assert.True(pool.TryFireEvent("x", default, mayCoalesce: false, out string _)));

        Assert.Contains("planted", await runtime.Failed.WaitAsync(TimeSpan.FromSeconds(30), Stop));

        await Assert.ThrowsAsync<MembershipException>(() => leaving);
        await Assert.ThrowsAsync<MembershipException>(() => runtime.AskAsync(static pool => pool.MemberCount));
        // The port is free again before anybody disposes of the rest.
        await UntilAsync(() => TryOpen(runtime.LocalEndPoint.Port));
    }

    [Fact]
    public async Task A_question_that_breaks_the_pool_is_answered_with_the_failure()
    {
        await using var runtime = Start(new Listener());

        await Assert.ThrowsAsync<MembershipException>(() => runtime.AskAsync<int>(static _ => throw new InvalidOperationException("planted")));

        Assert.Contains("planted", await runtime.Failed.WaitAsync(TimeSpan.FromSeconds(30), Stop));
    }

    [Fact]
    public async Task Streams_beyond_the_bound_are_closed_and_the_pool_goes_on()
    {
        await using var runtime = Start(new Listener());
        var silent = new List<Socket>();
        try
        {
            for (int i = 0; i < GossipStreams.AcceptedMax + 10; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                silent.Add(socket);
                await socket.ConnectAsync(runtime.LocalEndPoint, Stop);
            }
            await UntilAsync(() => runtime.Counters.StreamsRefused > 0);
        }
        finally
        {
            foreach (var socket in silent) socket.Dispose();
        }

        Assert.Equal(1, await runtime.AskAsync(static pool => pool.MemberCount));
        await using var other = Start(new Listener(), "b");
        var target = new GossipTarget(runtime.Self.Endpoint);
        await UntilAsync(async () => (await other.OperateAsync((pool, request) => pool.Join(request, [target], ignoreOldEvents: true))).Joined == 1);
    }

    [Fact]
    public async Task Garbage_on_a_stream_closes_it()
    {
        await using var runtime = Start(new Listener());
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(runtime.LocalEndPoint, Stop);

        await socket.SendAsync(new byte[] { 0xff, 0xff, 0xff, 0xff }, Stop);

        var rest = new byte[1024];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (await ReceiveAsync(socket, rest, limit.Token) > 0) Assert.False(runtime.Failed.IsCompleted);
    }

    [Fact]
    public void Packets_beyond_the_bound_are_not_taken_and_their_buffers_come_back()
    {
        var inbox = new GossipInbox();
        var from = GossipEndpoint.From(IPAddress.Loopback, 1);
        for (int i = 0; i < PacketBuffers.WaitingMax; i++) Assert.True(inbox.TryPostPacket(from, [1, 2, 3]));
        Assert.False(inbox.TryPostPacket(from, [1]));

        Assert.True(inbox.Inputs.TryRead(out var packet));
        Assert.Equal((GossipInputKind.Packet, from, 3), (packet.Kind, packet.Endpoint, packet.Length));
        var buffer = (byte[])packet.Subject!;
        inbox.Buffers.Return(buffer);

        Assert.True(inbox.TryPostPacket(from, [4]));
        GossipInput last = default;
        while (inbox.Inputs.TryRead(out var next)) last = next;
        Assert.Same(buffer, last.Subject);
    }

    [Fact]
    public void A_long_packet_gets_a_buffer_that_fits()
    {
        var buffers = new PacketBuffers();

        Assert.Equal(GossipLimits.PacketBytesMax, buffers.TryRent(GossipLimits.PacketBytesMax)!.Length);
        Assert.Equal(PacketBuffers.Bytes, buffers.TryRent(1400)!.Length);
    }

    private static GossipRuntime Start(Listener listener, string name = "a") => GossipRuntime.Start(new GossipRuntimeOptions
    {
        Config = GossipConfig.Local(name, GossipEndpoint.From(IPAddress.Loopback, 0)),
        BindAddress = IPAddress.Loopback,
        Listener = listener,
    });

    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer, CancellationToken stop)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, stop);
        }
        catch (SocketException)
        {
            return 0;                                                  // closed the hard way
        }
    }

    private static bool TryOpen(int port)
    {
        try
        {
            using var sockets = GossipSockets.Open(IPAddress.Loopback, port);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Task UntilAsync(Func<bool> isTrue) => UntilAsync(() => Task.FromResult(isTrue()));

    private static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await isTrue()) await Task.Delay(20, limit.Token);
    }

    private sealed class Listener : IGossipListener
    {
        public Action? OnUser { get; init; }

        public void OnMembersChanged()
        {
            // Of no interest here.
        }

        public void OnEvent(GossipEvent happened)
        {
            if (happened.Kind == GossipEventKind.User) OnUser?.Invoke();
        }
    }
}
