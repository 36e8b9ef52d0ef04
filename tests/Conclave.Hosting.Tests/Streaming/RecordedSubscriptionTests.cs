using System.Net.Sockets;
using System.Text.Json;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Rpc.Grpc;
using Conclave.Tests;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>The recorded life of a client agent's connection, played again: its requests as they were, the same changes at the same indexes, and the same events.</summary>
public sealed class RecordedSubscriptionTests : IAsyncDisposable
{
    private readonly GrpcPort _port = new();
    private readonly Dictionary<string, byte[]> _recorded = [];

    public RecordedSubscriptionTests()
    {
        foreach (var json in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", "grpc.json"))).RootElement.EnumerateArray())
            _recorded.Add(json.GetProperty("name").GetString()!, Convert.FromHexString(json.GetProperty("hex").GetString()!));
        _port.Cluster.SkipTo(8);
        Register("n1", "10.0.0.1", "web1", 80, ["a"], "c1", HealthStatus.Passing);
        Register("n2", "10.0.0.2", "web2", 81, null, "c2", HealthStatus.Warning);
    }

    public ValueTask DisposeAsync() => _port.DisposeAsync();

    [Fact]
    public async Task The_recorded_changes_give_the_recorded_events_byte_for_byte()
    {
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(new SubscribeRequest { Topic = StreamTopic.ServiceHealth, Key = "web", Datacenter = "dc1" });
        await ExpectAsync(stream, "1.stream1", "2.stream1", "3.stream1");

        _port.Cluster.SkipTo(11);
        Check("critical");
        await ExpectAsync(stream, "4.stream1");
        Register("n3", "10.0.0.3", "web3", 80, ["a"], "c3", HealthStatus.Passing);
        await ExpectAsync(stream, "5.stream1");
        _port.Apply(Registrations.Gone("n2", "web2"));
        await ExpectAsync(stream, "6.stream1");
        _port.Apply(Registrations.Gone("n3"));
        await ExpectAsync(stream, "7.stream1");

        _port.Apply(Registrations.Together("n1", "web9", "web8"));
        // Peers tell the changes of a transaction in any order.
        Assert.Equal(PartsOf(Recorded("8.stream1")), PartsOf(await stream.NextAsync()));

        using var fresh = await client.SubscribeAsync(new SubscribeRequest { Topic = StreamTopic.ServiceHealth, Key = "web", Datacenter = "dc1" });
        await ExpectAsync(fresh, "12.stream7", "13.stream7", "14.stream7", "15.stream7");
        using var connect = await client.SubscribeAsync(new SubscribeRequest { Topic = StreamTopic.ServiceHealthConnect, Key = "web", Datacenter = "dc1" });
        await ExpectAsync(connect, "9.stream3");
        using var none = await client.SubscribeAsync(new SubscribeRequest { Topic = StreamTopic.ServiceHealth, Key = "none", Datacenter = "dc1" });
        await ExpectAsync(none, "10.stream5");
    }

    [Fact]
    public async Task The_recorded_bytes_of_a_client_are_understood_and_its_pings_are_answered()
    {
        byte[] sent = _recorded["grpc.conn1.client-bytes"];
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_port.Address, TestContext.Current.CancellationToken);
        await socket.SendAsync(sent, TestContext.Current.CancellationToken);

        await using var stream = new NetworkStream(socket);
        // The preface of HTTP/2 stands behind the first byte.
        int pings = Frames(sent.AsMemory(25)).Count(frame => frame is { Type: 6, Flags: 0 }), answered = 0;
        var ended = new HashSet<int>();
        byte[] header = new byte[9];
        while (answered < pings || ended.Count < 6)
        {
            await stream.ReadExactlyAsync(header, TestContext.Current.CancellationToken);
            byte[] payload = new byte[header[0] << 16 | header[1] << 8 | header[2]];
            await stream.ReadExactlyAsync(payload, TestContext.Current.CancellationToken);
            Assert.NotEqual(7, header[3]);                             // no GOAWAY
            if (header[3] == 6 && header[4] == 1) answered++;
            // The last message of each stream's first answer ends with EndOfSnapshot.
            if (header[3] == 0 && payload.AsSpan().EndsWith((ReadOnlySpan<byte>)[0x10, 0x01])) ended.Add(header[8]);
        }
        Assert.Equal([1, 3, 5, 7, 9, 11], ended.Order());
        Assert.Equal(9, pings);
    }

    [Fact]
    public async Task Damaged_bytes_of_a_client_cost_their_connection_and_nothing_else()
    {
        byte[] sent = _recorded["grpc.conn1.client-bytes"];
        var random = new Prng(1);
        byte[] rest = new byte[4096];
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. sent];
            // Not the byte that says what the connection is for; several in each, anywhere behind it.
            for (int n = 0; n <= i % 8; n++) damaged[1 + (int)random.Next(damaged.Length - 1)] = (byte)random.Next(256);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_port.Address, TestContext.Current.CancellationToken);
            try
            {
                await socket.SendAsync(damaged.AsMemory(0, 1 + (int)random.Next(damaged.Length)), TestContext.Current.CancellationToken);
                socket.Shutdown(SocketShutdown.Send);
                while (await socket.ReceiveAsync(rest, TestContext.Current.CancellationToken) > 0) continue;
            }
            catch (SocketException)
            {
                continue;                                              // the server was quicker
            }
        }
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(new SubscribeRequest { Topic = StreamTopic.ServiceHealth, Key = "web", Datacenter = "dc1" });
        await ExpectAsync(stream, "1.stream1", "2.stream1", "3.stream1");
    }

    private async Task ExpectAsync(GrpcStream stream, params string[] messages)
    {
        foreach (string message in messages) Assert.Equal(Convert.ToHexString(Recorded(message)), Convert.ToHexString(await stream.NextAsync() ?? []));
    }

    private byte[] Recorded(string message) => _recorded["grpc.conn1.server-to-client.message." + message];

    private void Register(string node, string address, string id, int port, string[]? tags, string check, string status) => _port.Apply(CommandCodec.Encode(new RegisterRequest
    {
        Datacenter = "dc1", Node = node, Address = address,
        Service = new NodeService { Id = id, Service = "web", Tags = tags, Meta = TextMap<string>.From([new("k", "v")]), Port = port, Weights = ServiceWeights.Default },
        Check = new HealthCheck { Node = node, CheckId = check, Name = "chk", Status = status, Output = "o", ServiceId = id, ServiceName = "web", ServiceTags = tags },
    }));

    private void Check(string status) => _port.Apply(CommandCodec.Encode(new RegisterRequest
    {
        Datacenter = "dc1", Node = "n1", Address = "10.0.0.1", SkipNodeUpdate = true,
        Check = new HealthCheck { Node = "n1", CheckId = "c1", Name = "chk", Status = status, Output = "o", ServiceId = "web1", ServiceName = "web", ServiceTags = ["a"] },
    }));

    // A batch's index, and its events sorted.
    private static List<string> PartsOf(byte[]? message)
    {
        var parts = new List<string>();
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field == 4)
            {
                var batch = new ProtoReader(reader.ReadBytes());
                while (batch.TryNext(out _, out _)) parts.Add(Convert.ToHexString(batch.ReadBytes()));
            }
            else parts.Add($"{field}: {reader.ReadVarint()} {wire}");
        parts.Sort(StringComparer.Ordinal);
        return parts;
    }

    private static IEnumerable<(byte Type, byte Flags)> Frames(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length >= 9)
        {
            int length = bytes.Span[0] << 16 | bytes.Span[1] << 8 | bytes.Span[2];
            yield return (bytes.Span[3], bytes.Span[4]);
            bytes = bytes[(9 + length)..];
        }
    }
}
