using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Hosting.Calls;
using Conclave.Node;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>One server over real sockets: blocking reads, callers that go away, and those that mean no good.</summary>
public sealed class RpcServerTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly FakeServer _server;

    // No two writes of a key are the same: one that changes nothing wakes nobody.
    private ulong _writes;

    public RpcServerTests()
    {
        _server = new FakeServer(_cluster, "s1");
        _server.Local.Believe(_server.AsLeader(isItself: true));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_blocking_read_is_answered_when_what_it_reads_has_changed()
    {
        await PutAsync("watched");
        ulong index = _cluster.Root.LastIndex;
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        var reading = client.CallAsync(Get("watched", index, TimeSpan.FromMinutes(5)));
        await PutAsync("other");
        await Task.WhenAny(reading, Task.Delay(50, TestContext.Current.CancellationToken));
        Assert.False(reading.IsCompleted);
        await PutAsync("watched");
        Assert.Equal(_cluster.Root.LastIndex, IndexOf(await reading));
    }

    [Fact]
    public async Task A_blocking_read_ends_with_its_time_and_gives_what_is_there()
    {
        await PutAsync("watched");
        ulong index = _cluster.Root.LastIndex;
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        Assert.Equal(index, IndexOf(await client.CallAsync(Get("watched", index, TimeSpan.FromMilliseconds(30)))));
    }

    [Fact]
    public async Task A_leader_that_is_lost_during_a_blocking_read_is_not_said_to_be_known()
    {
        var time = new ManualTime();
        await using var server = new FakeServer(_cluster, "s2", waits: time);
        server.Local.Believe(server.AsLeader(isItself: true));
        await using var client = await RawCallClient.ConnectAsync(server.Address);
        var reading = client.CallAsync(Get("watched", _cluster.Root.LastIndex + 1, TimeSpan.FromMinutes(5)));
        while (server.Reads.Waits.WaiterCount == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        server.Local.Believe(server.AsLeader(isItself: false) with { LeaderAddress = "", LeaderId = "" });
        while (!reading.IsCompleted)
        {
            time.Pass(TimeSpan.FromMinutes(1));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        Assert.False(KnowsLeader(await reading));
    }

    [Fact]
    public async Task A_watcher_that_has_left_is_forgotten()
    {
        await PutAsync("watched");
        var probe = new DepartureProbe();
        var methods = new RpcMethods();
        methods.Add("Test.Wait", probe.WaitAsync);
        await using var port = new BarePort(methods);
        foreach (bool single in new[] { false, true })
        {
            var client = await RawCallClient.ConnectAsync(port.Address, single);
            var calling = client.ErrorOfAsync("Test.Wait");
            await probe.Begun.WaitAsync(TestContext.Current.CancellationToken);
            await client.DisposeAsync();
            await probe.Ended.WaitAsync(TestContext.Current.CancellationToken);
            await Assert.ThrowsAnyAsync<Exception>(() => calling);
        }
    }

    [Fact]
    public async Task A_method_that_fails_costs_its_call_and_nothing_else()
    {
        var methods = new RpcMethods();
        methods.Add("Test.Fail", static (_, _) => throw new InvalidOperationException("a bug"));
        methods.Add("Test.Malformed", static (_, _) => throw new MsgPackException("no argument", 3));
        methods.Add("Test.Fine", static (_, result) =>
        {
            result.GetSpan(1)[0] = 0x80;
            result.Advance(1);
            return new((string?)null);
        });
        await using var port = new BarePort(methods);
        await using var client = await RawCallClient.ConnectAsync(port.Address);
        Assert.Equal("rpc: internal error", await client.ErrorOfAsync("Test.Fail"));
        Assert.StartsWith("rpc: malformed argument", await client.ErrorOfAsync("Test.Malformed"));
        Assert.Equal("", await client.ErrorOfAsync("Test.Fine"));
        Assert.Equal(0, port.Server.Collected.Taken);
    }

    [Fact]
    public async Task Length_bombs_garbage_and_broken_frames_end_their_connection_and_the_server_goes_on()
    {
        byte[][] attacks =
        [
            [0, 0x80, 0xdf, 0xff, 0xff, 0xff, 0xff],                                                  // a map of four thousand million fields
            [0, 0x82, 0xa3, .. "Seq"u8, 0xdb, 0xff, 0xff, 0xff, 0xff],
            [0, 0xc1],
            [4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],                                                  // another version
            [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],                                                  // data without a stream
            [4, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],                                      // four GiB at once
            [4, .. Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
        ];
        foreach (byte[] attack in attacks)
        {
            using var client = new TcpClient();
            var endPoint = IPEndPoint.Parse(_server.Address);
            await client.ConnectAsync(endPoint.Address, endPoint.Port, TestContext.Current.CancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(attack, TestContext.Current.CancellationToken);
            await ReadToEndAsync(stream);
        }
        await using var honest = await RawCallClient.ConnectAsync(_server.Address);
        Assert.Equal("", await honest.ErrorOfAsync("Status.Ping"));
    }

    [Fact]
    public async Task A_stream_with_a_bad_call_is_reset_and_its_neighbours_go_on()
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        await Assert.ThrowsAnyAsync<Exception>(() => client.CallAsync([0x80, 0xdd, 0xff, 0xff, 0xff, 0xff]).WaitAsync(TimeSpan.FromSeconds(1)));
        await using var other = await RawCallClient.ConnectAsync(_server.Address);
        Assert.Equal("", await other.ErrorOfAsync("Status.Ping"));
    }

    [Fact]
    public void An_address_has_its_number_of_connections_and_gets_places_back()
    {
        var connections = new ConnectionsPerAddress(2);
        var one = IPAddress.Parse("10.0.0.1");
        Assert.True(connections.TryTake(one) && connections.TryTake(one));
        Assert.False(connections.TryTake(one));
        Assert.True(connections.TryTake(IPAddress.Parse("10.0.0.2")));
        connections.Return(one);
        Assert.True(connections.TryTake(one));
        Assert.True(new ConnectionsPerAddress(0).TryTake(one));
    }

    private async Task PutAsync(string key) => Assert.Equal(ApplyResultKind.None,
        (await _server.Gateway.ApplyAsync(CommandCodec.EncodeKv(KvOps.Set, Encoding.UTF8.GetBytes(key), new("v"u8.ToArray()), hasValue: true, flags: ++_writes, "", 0), CancellationToken.None)).Kind);

    private static byte[] Get(string key, ulong index, TimeSpan wait)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        new RpcCallHeader { Seq = 1, ServiceMethod = "KVS.Get"u8 }.Write(ref writer);
        writer.WriteMapHeader(3);
        writer.WriteField("Key"u8, key);
        writer.WriteField("MaxQueryTime"u8, wait.Ticks * 100);
        writer.WriteField("MinQueryIndex"u8, index);
        writer.Flush();
        return buffer.ToArray();
    }

    private static ulong IndexOf(byte[] reply)
    {
        var reader = new MsgPackReader(reply);
        Assert.True(RpcReplyHeader.Read(ref reader).Error.IsEmpty);
        return ReadIndexMessages.ReadResult(reply.AsSpan((int)reader.Offset));
    }

    private static bool KnowsLeader(byte[] reply)
    {
        var reader = new MsgPackReader(reply);
        RpcReplyHeader.Read(ref reader);
        foreach (var field in MsgPackTree.ReadMap(ref reader)!.Fields)
            if (field.Key == "KnownLeader") return (bool)field.Value!;
        throw new InvalidOperationException("no such field");
    }

    private static async Task ReadToEndAsync(Stream stream)
    {
        byte[] buffer = new byte[1024];
        try
        {
            while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) > 0) { }
        }
        catch (IOException)
        {
            return;                                                    // reset is an end too
        }
    }

    private sealed class DepartureProbe
    {
        public SemaphoreSlim Begun { get; } = new(0);

        public SemaphoreSlim Ended { get; } = new(0);

        public async ValueTask<string?> WaitAsync(RpcCall call, PooledBuffer result)
        {
            Begun.Release();
            await Task.Delay(Timeout.Infinite, call.Departure).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ended.Release();
            return "departed";
        }
    }
}
