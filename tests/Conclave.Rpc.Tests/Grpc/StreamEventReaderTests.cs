using Conclave.Core.Model;
using Conclave.Rpc.Grpc;
using Conclave.Tests;
using System.Text.Json;

namespace Conclave.Rpc.Tests.Grpc;

/// <summary>Events of subscriptions, read: the recorded ones, all that can be written, and bytes that are none.</summary>
public sealed class StreamEventReaderTests
{
    private readonly List<StreamedChange> _changes = [];

    [Fact]
    public void Recorded_events_are_read_and_written_back_byte_for_byte()
    {
        int count = 0, ends = 0, gone = 0, batches = 0;
        foreach (byte[] recorded in Recorded("server-to-client"))
        {
            _changes.Clear();
            var read = StreamEventReader.Read(recorded, _changes);
            using var writer = new ProtoWriter();
            if (read.Kind == StreamEventKind.EndOfSnapshot) StreamEvents.WriteEndOfSnapshot(writer, read.Index);
            else StreamEvents.WriteChanges(writer, _changes.Select(change => new InstanceChange(change.Index, change.Instance, change.IsGone)).ToArray(), "");
            Assert.True(GrpcFraming.TryRead(writer.WrittenSpan, 1 << 20, out var written));
            Assert.Equal(recorded, written.ToArray());
            count++;
            if (read.Kind == StreamEventKind.EndOfSnapshot) ends++;
            if (_changes.Count > 1) batches++;
            gone += _changes.Count(change => change.IsGone);
        }
        Assert.True((count, ends > 1, gone > 1, batches > 0) is ( > 10, true, true, true), $"{count} {ends} {gone} {batches}");
    }

    [Fact]
    public void All_that_an_instance_may_have_survives()
    {
        var rich = Rich();
        byte[] message = Message(new InstanceChange(9, rich, IsGone: false));
        Assert.Equal(new StreamEvent(StreamEventKind.Changes, 9), StreamEventReader.Read(message, _changes));
        var change = Assert.Single(_changes);
        Assert.True(change is { Index: 9, IsGone: false, Bytes: > 100 });
        Assert.Equal(message, Message(new InstanceChange(9, change.Instance, IsGone: false)));
        var (node, service, checks) = change.Instance;
        Assert.Equal(("n1", "id", "10.0.0.1", "dc1", 3UL, 4UL), (node.Name, node.Id, node.Address, node.Datacenter, node.CreateIndex, node.ModifyIndex));
        Assert.Equal("1.1.1.1", node.TaggedAddresses!["lan"]);
        Assert.Equal(new ServiceAddress("2.2.2.2", 5), service.TaggedAddresses!["wan"]);
        Assert.Equal((new ServiceWeights(10, 1), true, "/s", -1), (service.Weights!.Value, service.EnableTagOverride, service.SocketPath, service.Port));
        Assert.Equal(["b"], checks[0].Definition.Header!["a"]);
        Assert.Equal((1_500_000_000, -1_500_000_000), (checks[0].Definition.IntervalNanoseconds, checks[0].Definition.TtlNanoseconds));
        Assert.Same(HealthCheckDefinition.Empty, checks[1].Definition);
    }

    [Fact]
    public void Every_truncation_and_every_damaged_byte_is_another_event_or_refused()
    {
        byte[] whole = Message(new InstanceChange(9, Rich(), IsGone: false), new InstanceChange(9, Rich(), IsGone: true));
        for (int length = 0; length < whole.Length; length++) ReadOrRefuse(whole.AsSpan(0, length));
        for (int at = 0; at < whole.Length; at++)
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. whole];
                damaged[at] ^= (byte)(1 << bit);
                ReadOrRefuse(damaged);
            }
    }

    [Fact]
    public void A_message_of_two_bytes_for_each_object_is_refused_before_it_takes_much_memory()
    {
        using var row = new ProtoWriter();
        row.End(row.Begin(1));
        row.End(row.Begin(2));
        for (int i = 0; i < 1_000_000; i++) row.End(row.Begin(3));
        using var writer = new ProtoWriter();
        int health = writer.Begin(10);
        writer.WriteAlways(2, row.WrittenSpan);
        writer.End(health);
        byte[] bomb = writer.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<RpcFormatException>(() => StreamEventReader.Read(bomb, _changes));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20);
    }

    [Fact]
    public void Settings_that_are_nested_too_deeply_are_refused()
    {
        byte[] value = [];
        for (int depth = 0; depth < 1000; depth++)
        {
            using var list = new ProtoWriter();
            int begun = list.Begin(6);
            list.WriteAlways(1, value);
            list.End(begun);
            value = list.ToArray();
        }
        using var writer = new ProtoWriter();
        int health = writer.Begin(10), row = writer.Begin(2);
        writer.End(writer.Begin(1));
        int service = writer.Begin(2), proxy = writer.Begin(11), config = writer.Begin(5), entry = writer.Begin(1);
        writer.WriteAlways(2, value);
        foreach (int begun in (int[])[entry, config, proxy, service, row, health]) writer.End(begun);
        byte[] message = writer.ToArray();
        Assert.Contains("nested", Assert.Throws<RpcFormatException>(() => StreamEventReader.Read(message, _changes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_and_events_of_later_versions_are_passed_over()
    {
        using var writer = new ProtoWriter();
        writer.Write(1, 5UL);
        writer.Write(11, "an event that nobody knows");
        Assert.Equal(new StreamEvent(StreamEventKind.Nothing, 5), StreamEventReader.Read(writer.WrittenSpan, _changes));
        Assert.Empty(_changes);
    }

    internal static byte[] Message(params InstanceChange[] changes)
    {
        using var writer = new ProtoWriter();
        StreamEvents.WriteChanges(writer, changes, "dc1");
        Assert.True(GrpcFraming.TryRead(writer.WrittenSpan, 1 << 20, out var message));
        return message.ToArray();
    }

    private static CheckServiceNode Rich() => new(
        new NodeEntry { Name = "n1", Id = "id", Address = "10.0.0.1", TaggedAddresses = TextMap<string>.From([new("lan", "1.1.1.1")]), Meta = TextMap<string>.From([new("k", "ключ")]), CreateIndex = 3, ModifyIndex = 4 },
        new NodeService
        {
            Id = "p", Service = "web-proxy", Kind = "connect-proxy", Tags = ["a", ""], Port = -1, Weights = new(10, 1), EnableTagOverride = true, SocketPath = "/s", LocallyRegisteredAsSidecar = true,
            TaggedAddresses = TextMap<ServiceAddress>.From([new("wan", new("2.2.2.2", 5))]), Connect = Map(("Native", true)), CreateIndex = 5, ModifyIndex = 6,
            Proxy = Map(("DestinationServiceName", Text("web")), ("LocalServicePort", 8080L), ("Mode", Text("transparent")),
                ("Config", Map(("protocol", Text("http")), ("n", 3L), ("on", true), ("list", new List<object?> { 1.5, null, new List<object?>(), Map() }))),
                ("Upstreams", new List<object?> { Map(("DestinationName", Text("db")), ("LocalBindPort", 9L), ("Config", Map(("t", 5.0))), ("MeshGateway", Map(("Mode", Text("local"))))), Map() }),
                ("Expose", Map(("Checks", true), ("Paths", new List<object?> { Map(("ListenerPort", 1.0), ("Path", Text("/m")), ("LocalPathPort", 2L), ("Protocol", Text("http")), ("ParsedFromCheck", true)) }))),
                ("TransparentProxy", Map(("OutboundListenerPort", 15001L), ("DialedDirectly", true)))),
        },
        [
            new HealthCheck { Node = "n1", CheckId = "c", Status = "passing", ServiceTags = ["x"], ExposedPort = 7, Interval = "1s", Timeout = "2s", Type = "http", ModifyIndex = 8,
                Definition = new() { Http = "http://x", IntervalNanoseconds = 1_500_000_000, TtlNanoseconds = -1_500_000_000, OutputMaxSize = 4096, ScriptArgs = ["a", "b"], Header = TextMap<IReadOnlyList<string>>.From([new("a", ["b"])]) } },
            new HealthCheck { Node = "n1", CheckId = "d" },
        ]);

    private static ReadOnlyMemory<byte> Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static MsgPackMap Map(params (string Name, object? Value)[] fields) => new() { Fields = [.. fields.Select(field => new KeyValuePair<string, object?>(field.Name, field.Value))] };

    private void ReadOrRefuse(ReadOnlySpan<byte> bytes)
    {
        _changes.Clear();
        try
        {
            StreamEventReader.Read(bytes, _changes);
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
