using Conclave.Core.Model;
using Conclave.Rpc.Grpc;
using Conclave.Tests;
using System.Text.Json;

namespace Conclave.Rpc.Tests.Grpc;

/// <summary>Messages of subscriptions against the recorded ones, and against bytes that are none.</summary>
public sealed class ProtoTests
{
    [Fact]
    public void Recorded_requests_are_read_and_written_back_byte_for_byte()
    {
        int count = 0;
        foreach (byte[] recorded in Recorded("client-to-server"))
        {
            using var writer = new ProtoWriter(1);
            var request = SubscribeRequest.Read(recorded);
            request.Write(writer);
            Assert.Equal(recorded, writer.ToArray());
            Assert.True(request is { Topic: StreamTopic.ServiceHealth or StreamTopic.ServiceHealthConnect, Key: "web" or "none", Datacenter: "dc1", Index: 0 });
            count++;
        }
        Assert.Equal(6, count);
    }

    [Fact]
    public void Every_field_of_a_request_survives_and_unknown_ones_are_passed_over()
    {
        var request = new SubscribeRequest { Topic = (StreamTopic)7, Key = "ключ", Token = "t", Index = ulong.MaxValue, Datacenter = "d", Namespace = "n" };
        using var writer = new ProtoWriter();
        writer.Write(7, "a later field");
        writer.WriteAlways(8, 1.5);
        request.Write(writer);
        writer.Write(1000, 3UL);
        Assert.Equal(request, SubscribeRequest.Read(writer.WrittenSpan));
    }

    [Fact]
    public void Every_truncation_and_every_damaged_byte_of_a_request_is_another_request_or_refused()
    {
        using var writer = new ProtoWriter();
        new SubscribeRequest { Topic = StreamTopic.ServiceHealth, Key = "web", Token = "secret", Index = 300, Datacenter = "dc1", Namespace = "default" }.Write(writer);
        byte[] whole = writer.ToArray();
        for (int length = 0; length < whole.Length; length++) ReadOrRefuse(whole.AsSpan(0, length));
        for (int at = 0; at < whole.Length; at++)
            for (int value = 0; value < 256; value++)
            {
                byte[] damaged = [.. whole];
                damaged[at] = (byte)value;
                ReadOrRefuse(damaged);
            }
    }

    [Theory]
    [InlineData("12ffffffff0f")]                                       // a text of 4 GiB
    [InlineData("12ffffffffffffffffff01")]                             // a text of 2^64-1 bytes
    [InlineData("20ffffffffffffffffffff01")]                           // a number of eleven bytes
    [InlineData("0a03776562")]                                         // a topic that is text
    [InlineData("1801")]                                               // a token that is a number
    [InlineData("00")]                                                 // field 0
    [InlineData("0b")]                                                 // a group, which was given up long ago
    public void Lengths_and_forms_that_cannot_be_are_refused(string hex) => Assert.Throws<RpcFormatException>(() => SubscribeRequest.Read(Convert.FromHexString(hex)));

    [Fact]
    public void A_message_is_found_behind_its_prefix_and_not_beyond_its_bound()
    {
        byte[] framed = [0, 0, 0, 0, 2, 7, 8, 9];
        Assert.True(GrpcFraming.TryRead(framed, 2, out var message));
        Assert.Equal([7, 8], message.ToArray());
        for (int length = 0; length < 7; length++) Assert.False(GrpcFraming.TryRead(framed.AsSpan(0, length), 2, out _));
        Assert.Throws<RpcFormatException>(() => GrpcFraming.TryRead(framed, 1, out _));
        Assert.Throws<RpcFormatException>(() => GrpcFraming.TryRead([0, 0xff, 0xff, 0xff, 0xff], int.MaxValue, out _));
        Assert.Throws<RpcFormatException>(() => GrpcFraming.TryRead([1, 0, 0, 0, 0], 10, out _));
    }

    [Fact]
    public void Instances_in_mesh_terms_are_written_with_all_that_a_message_has_room_for()
    {
        var proxy = Map(("DestinationServiceName", Text("web")), ("LocalServicePort", 8080UL), ("Mode", Text("transparent")),
            ("Config", Map(("protocol", Text("http")), ("n", 3L), ("on", true), ("list", new List<object?> { 1.5, null }))),
            ("Upstreams", new List<object?> { Map(("DestinationName", Text("db")), ("LocalBindPort", 9UL)) }));
        var instance = new CheckServiceNode(
            new NodeEntry { Name = "n1", Id = "id", TaggedAddresses = TextMap<string>.From([new("lan", "1.1.1.1")]) },
            new NodeService { Id = "p", Service = "web-proxy", Kind = "connect-proxy", Proxy = proxy, Connect = Map(("Native", true)), TaggedAddresses = TextMap<ServiceAddress>.From([new("wan", new("2.2.2.2", 5))]), SocketPath = "/s" },
            [new HealthCheck { Node = "n1", CheckId = "c", Definition = new() { Http = "http://x", IntervalNanoseconds = 1_500_000_000, Header = TextMap<IReadOnlyList<string>>.From([new("a", ["b"])]) } }]);
        using var writer = new ProtoWriter(1);
        StreamEvents.WriteInstance(writer, 7, instance, "dc1");
        Assert.True(GrpcFraming.TryRead(writer.WrittenSpan, 4096, out var message));
        string text = ProtoText.Of(message, depth: 10);
        foreach (string part in new[] { "4: \"dc1\"", "{ 1: \"lan\" 2: \"1.1.1.1\" }", "11: { 1: \"web\" 4: 8080", "6: { 3: \"db\" 6: 9 8: { } }", "9: \"transparent\"", "12: { 1: 1 }", "15: { 1: \"wan\" 2: { 1: \"2.2.2.2\" 2: 5 } }", "17: \"/s\"", "6: { 1: 1 2: 500000000 }", "3: { 1: \"a\" 2: { 1: \"b\" } }", "{ 1: \"protocol\" 2: { 3: \"http\" } }", "6: { 1: { 2: 1.5 } 1: { 1: 0 } }" })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    private static ReadOnlyMemory<byte> Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static MsgPackMap Map(params (string Name, object? Value)[] fields) => new() { Fields = [.. fields.Select(field => new KeyValuePair<string, object?>(field.Name, field.Value))] };

    private static void ReadOrRefuse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            SubscribeRequest.Read(bytes);
        }
        catch (RpcFormatException)
        {
            return;
        }
    }

    private static IEnumerable<byte[]> Recorded(string direction)
    {
        foreach (var json in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", "grpc.json"))).RootElement.EnumerateArray())
            if (json.GetProperty("layer").GetString() == "protobuf" && json.GetProperty("direction").GetString() == direction) yield return Convert.FromHexString(json.GetProperty("hex").GetString()!);
    }
}
