using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Rpc.Calls;
using Conclave.Tests;
using System.Text.Json;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Every recorded request of a served method is answered with a reply of the structure that the recorded one has.</summary>
public sealed class RecordedCallsTests : IAsyncDisposable
{
    private static readonly string[] s_files = ["status", "catalog", "session", "kv", "txn", "health", "coordinate", "internal", "operator", "config-entry", "prepared-query", "connect"];

    // All that is answered otherwise than recorded, and why.
    private static readonly Dictionary<string, string> s_notServed = new()
    {
        ["ConfigEntry.Apply"] = "no config entries are kept",
        ["PreparedQuery.Apply"] = "no prepared queries are kept",
        ["PreparedQuery.Get"] = "the recorded one was made before",
        ["PreparedQuery.Execute"] = "the recorded one was made before",
        ["PreparedQuery.Explain"] = "the recorded one was made before",
    };

    // Above all recorded indexes, so that no recorded read waits.
    private readonly FakeCluster _cluster = new(1000);
    private readonly FakeServer _server;
    private readonly FakePools _pools = new();

    public RecordedCallsTests()
    {
        _server = new FakeServer(_cluster, "s1");
        _server.Local.Believe(_server.AsLeader(isItself: true) with { PeerAddresses = [_server.Address], Servers = [new("s1", "s1", _server.Address, true, true)] });
        _cluster.Apply(CommandCodec.Encode(new AutopilotConfig(), cas: false));
        _server.Local.Health = [new ServerHealth { Id = "00000001-0000-4000-8000-000000000001", Address = _server.Address, IsVoter = true, IsLeader = true, IsHealthy = true, SinceWall = new(1_800_000_000_000_000_000) }];
        Register("c4", "00000004-0000-4000-8000-000000000004");
        Register("s1", "00000001-0000-4000-8000-000000000001");
        _server.Local.CatchUp();
        _server.Pools = _pools;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public Task Recorded_requests_are_answered_with_replies_of_the_same_structure() => AnswerRecordedAsync(static request => request);

    [Fact]
    public Task Requests_in_the_widest_forms_of_their_values_are_answered_as_recorded() => AnswerRecordedAsync(WireForms.Widest);

    [Fact]
    public Task Requests_with_fields_that_nobody_knows_are_answered_as_recorded() => AnswerRecordedAsync(WireForms.WithMore);

    [Fact]
    public async Task An_instance_without_tags_and_metadata_is_listed_with_empty_ones_and_without_addresses()
    {
        _cluster.Apply(CommandCodec.Encode(new RegisterRequest
        {
            Datacenter = "dc1", Node = "ext", Address = "10.0.0.9",
            Service = new NodeService { Id = "plain", Service = "plain", TaggedAddresses = TextMap<ServiceAddress>.Empty, Weights = ServiceWeights.Default },
        }));
        _server.Local.CatchUp();
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        using var call = new PooledBuffer();
        var writer = new MsgPackWriter(call);
        new RpcCallHeader { Seq = 1, ServiceMethod = "Catalog.ServiceNodes"u8 }.Write(ref writer);
        writer.WriteMapHeader(1);
        writer.WriteField("ServiceName"u8, "plain");
        writer.Flush();
        var (_, result) = ReadReply(await client.CallAsync(call.ToArray()));
        var rows = (IReadOnlyList<object?>)ValueOf(result, "ServiceNodes")!;
        Assert.Empty(((MsgPackMap)ValueOf(rows[0], "ServiceMeta")!).Fields);
        Assert.Empty((IReadOnlyList<object?>)ValueOf(rows[0], "ServiceTags")!);
        Assert.Null(ValueOf(rows[0], "ServiceTaggedAddresses"));
    }

    private static object? ValueOf(object? map, string name) => ((MsgPackMap)map!).Fields.First(field => field.Key == name).Value;

    [Fact]
    public async Task No_argument_at_all_is_one_whose_fields_are_all_zero()
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        foreach (string method in _server.Methods.Names.Where(static name => name != "Operator.RaftLeadershipTransfer"))
        {
            string expected = RawCallClient.ErrorOf(await client.CallAsync(WireForms.WithoutArgument(method, isNil: false)));
            Assert.Equal((method, expected), (method, RawCallClient.ErrorOf(await client.CallAsync(WireForms.WithoutArgument(method, isNil: true)))));
            Assert.DoesNotContain("internal error", expected, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_field_of_the_wrong_kind_costs_its_call_and_not_the_stream()
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        int refused = 0;
        foreach (var request in Pairs().GroupBy(static pair => pair.Method).Select(static calls => calls.First().Request))
            foreach (byte[] wrong in WireForms.WithWrongKinds(request))
            {
                string error = RawCallClient.ErrorOf(await client.CallAsync(wrong));
                Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
                if (error.StartsWith("rpc: malformed argument", StringComparison.Ordinal)) refused++;
            }
        Assert.True(refused > 500, $"{refused} refused");
        Assert.Equal("", await client.ErrorOfAsync("Status.Ping"));
    }

    [Fact]
    public async Task Calls_that_come_at_once_on_a_stream_are_answered_in_their_order()
    {
        foreach (bool single in new[] { false, true })
        {
            await using var client = await RawCallClient.ConnectAsync(_server.Address, single);
            byte[][] calls = [WireForms.WithoutArgument("Status.Ping", isNil: false), WireForms.WithoutArgument("KVS.Nothing", isNil: true), WireForms.WithoutArgument("Catalog.ListNodes", isNil: false)];
            var replies = new List<string> { RawCallClient.ErrorOf(await client.CallAsync([.. calls[0], .. calls[1], .. calls[2]])) };
            for (int i = 1; i < calls.Length; i++) replies.Add(RawCallClient.ErrorOf(await client.CallAsync([])));
            Assert.Equal(["", "rpc: can't find method KVS.Nothing", ""], replies);
        }
    }

    private async Task AnswerRecordedAsync(Func<byte[], byte[]> form)
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        int same = 0, refused = 0;
        foreach (var (name, method, request, reply) in Pairs().OrderBy(pair => SeqOf(pair.Request)))
        {
            if (name.StartsWith("acl.", StringComparison.Ordinal)) continue;   // recorded with ACLs and Connect on
            var (expectedError, expected) = ReadReply(reply);
            _server.Local.NextSessionId = method == "Session.Apply" && expected is ReadOnlyMemory<byte> id ? Encoding.UTF8.GetString(id.Span) : "";
            byte[] answer = await client.CallAsync(form(request));
            AssertHeaders(name, request, answer, out string error, out var result);
            if (s_notServed.ContainsKey(method) || expectedError.Length > 0)
            {
                Assert.True(error.Length > 0, $"{name}: {error}");
                if (!s_notServed.ContainsKey(method)) Assert.EndsWith(error, expectedError);
                refused++;
                continue;
            }
            Assert.True(error.Length == 0, $"{name}: {error}");
            AssertSameForm(name, expected, result);
            same++;
        }
        Assert.Equal(["deploy", "_rexec"], _pools.Fired.ConvertAll(fired => fired.Name));
        Assert.Equal("payload"u8, _pools.Fired[0].Payload.AsSpan());
        Assert.True(same > 110 && refused > 15, $"{same} same, {refused} refused");
    }

    [Fact]
    public void Methods_are_listed_in_the_documentation_as_they_are_served()
    {
        var methods = _server.Methods;
        var names = new SortedSet<string>(methods.Names.Where(name => !name.StartsWith("Conclave.", StringComparison.Ordinal)), StringComparer.Ordinal);
        // What real client agents were seen to ask for.
        foreach (var method in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", "method-index.json"))).RootElement.EnumerateObject())
            if (!method.Name.StartsWith('/') && method.Name.IndexOf('.') > 0) names.Add(method.Name);
        var table = new StringBuilder("| method | |\n|---|---|\n");
        foreach (string name in names)
        {
            string answer = methods.RefusalOf(name) is { } text ? $"refused: `{text}`" : methods.Names.Contains(name) ? "works" : "not known";
            table.Append("| `").Append(name).Append("` | ").Append(answer).Append(" |\n");
        }
        string path = Path.Combine(Vectors.Root, "docs", "compatibility.md"), document = File.ReadAllText(path);
        const string Begin = "<!-- methods -->\n", End = "<!-- /methods -->";
        int from = document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = document.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("CONCLAVE_REWRITE") == "1") File.WriteAllText(path, document[..from] + table + document[to..]);
        else Assert.Equal(table.ToString(), document[from..to]);
        Assert.DoesNotContain("not known", table.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_methods_and_services_are_answered_with_the_texts_of_peers()
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        Assert.Equal("rpc: can't find service Nothing.Here", await client.ErrorOfAsync("Nothing.Here"));
        Assert.Equal("rpc: can't find method KVS.Nothing", await client.ErrorOfAsync("KVS.Nothing"));
        Assert.Equal("rpc: service/method request ill-formed: KVS", await client.ErrorOfAsync("KVS"));
        Assert.Equal("rpc: can't find method ACL.Nothing", await client.ErrorOfAsync("ACL.Nothing"));
        Assert.Equal("rpc: can't find method ConnectCA.Nothing", await client.ErrorOfAsync("ConnectCA.Nothing"));
        Assert.Equal("ACL support disabled", await client.ErrorOfAsync("ACL.TokenRead"));
        Assert.Equal("Connect must be enabled in order to use this endpoint", await client.ErrorOfAsync("ConnectCA.Roots"));
        Assert.Equal("AutoConfig is disabled", await client.ErrorOfAsync("AutoConfig.InitialConfiguration"));
        Assert.Equal("", await client.ErrorOfAsync("Status.Ping"));
    }

    [Fact]
    public async Task Foreign_datacenters_and_filters_that_make_no_sense_are_refused()
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address);
        Assert.Equal("No path to datacenter", await client.ErrorOfAsync("KVS.Get", ("Datacenter", "dc9")));
        Assert.Equal("No path to datacenter", await client.ErrorOfAsync("KVS.Apply", ("Datacenter", "dc9")));
        foreach (string method in new[] { "Leader", "Peers" }) Assert.Equal("No path to datacenter", await client.ErrorOfAsync("Status." + method, ("Datacenter", "dc9")));
        foreach (string method in new[] { "RaftGetConfiguration", "AutopilotGetConfiguration", "AutopilotSetConfiguration", "ServerHealth", "AutopilotState", "RaftRemovePeerByAddress", "RaftRemovePeerByID" })
            Assert.Equal("No path to datacenter", await client.ErrorOfAsync("Operator." + method, ("Datacenter", "dc9")));
        Assert.Contains("Failed to create boolean expression evaluator", await client.ErrorOfAsync("Catalog.ListNodes", ("Filter", "Bogus == x")));
        Assert.Equal("Must provide node", await client.ErrorOfAsync("Health.NodeChecks"));
        Assert.Equal("Must provide service name", await client.ErrorOfAsync("Health.ServiceNodes"));
    }

    [Fact]
    public async Task Without_a_leader_the_Raft_configuration_is_told_to_those_only_who_take_a_stale_one()
    {
        await using var server = new FakeServer(_cluster, "s2", new() { HoldTime = TimeSpan.FromMilliseconds(50) });
        await using var client = await RawCallClient.ConnectAsync(server.Address);
        Assert.Equal("No cluster leader", await client.ErrorOfAsync("Operator.RaftGetConfiguration"));
        using var stale = new PooledBuffer();
        var writer = new MsgPackWriter(stale);
        new RpcCallHeader { Seq = 1, ServiceMethod = "Operator.RaftGetConfiguration"u8 }.Write(ref writer);
        writer.WriteMapHeader(1);
        writer.WriteField("AllowStale"u8, true);
        writer.Flush();
        Assert.Equal("", RawCallClient.ErrorOf(await client.CallAsync(stale.ToArray())));
    }

    [Fact]
    public async Task Every_call_is_answered_on_a_connection_without_a_multiplexer_too()
    {
        await using var client = await RawCallClient.ConnectAsync(_server.Address, single: true);
        Assert.Equal("", await client.ErrorOfAsync("Status.Ping"));
        Assert.Equal("", await client.ErrorOfAsync("KVS.Get", ("Key", "a")));
        Assert.Equal("rpc: can't find method KVS.Nothing", await client.ErrorOfAsync("KVS.Nothing"));
    }

    // What a leader makes of a member.
    private void Register(string node, string id) => _cluster.Apply(CommandCodec.Encode(new RegisterRequest
    {
        Datacenter = "dc1", Node = node, Id = id, Address = "127.0.0.1",
        Check = new HealthCheck { Node = node, CheckId = "serfHealth", Name = "Serf Health Status", Status = HealthStatus.Passing },
    }));

    private static IEnumerable<(string Name, string Method, byte[] Request, byte[] Reply)> Pairs()
    {
        foreach (string file in s_files)
        {
            byte[]? request = null;
            foreach (var json in JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "rpc", file + ".json"))).RootElement.EnumerateArray())
            {
                byte[] bytes = Convert.FromHexString(json.GetProperty("hex").GetString()!);
                if (json.GetProperty("direction").GetString() == "client-to-server") request = bytes;
                else if (request is not null) yield return (json.GetProperty("name").GetString()!, json.GetProperty("method").GetString()!, request, bytes);
            }
        }
    }

    // The order in which they were recorded: later ones read what earlier ones wrote.
    private static ulong SeqOf(byte[] request)
    {
        var reader = new MsgPackReader(request);
        return RpcCallHeader.Read(ref reader).Seq;
    }

    private static void AssertHeaders(string name, byte[] request, byte[] answer, out string error, out object? result)
    {
        var asked = new MsgPackReader(request);
        var call = RpcCallHeader.Read(ref asked);
        var reader = new MsgPackReader(answer);
        var header = RpcReplyHeader.Read(ref reader);
        Assert.Equal(call.Seq, header.Seq);
        Assert.True(call.ServiceMethod.SequenceEqual(header.ServiceMethod), name);
        error = Encoding.UTF8.GetString(header.Error);
        result = MsgPackTree.ReadValue(ref reader);
        Assert.True(reader.IsAtEnd, name);
    }

    private static (string Error, object? Result) ReadReply(byte[] reply)
    {
        var reader = new MsgPackReader(reply);
        var header = RpcReplyHeader.Read(ref reader);
        return (Encoding.UTF8.GetString(header.Error), MsgPackTree.ReadValue(ref reader));
    }

    // Names of fields, in their order, and kinds of values; lists by their first elements, for what is in them differs.
    private static void AssertSameForm(string path, object? expected, object? actual)
    {
        switch (expected, actual)
        {
            case (MsgPackMap a, MsgPackMap b):
                if (path.EndsWith("Services", StringComparison.Ordinal) || path.EndsWith("Servers", StringComparison.Ordinal) || path.EndsWith("Meta", StringComparison.Ordinal) || path.EndsWith("Addresses", StringComparison.Ordinal))
                {
                    // Maps of data: the names differ, what stands behind them does not.
                    if (a.Fields.Count > 0 && b.Fields.Count > 0) AssertSameForm(path + "{}", a.Fields[0].Value, b.Fields[0].Value);
                    break;
                }
                Assert.True(a.Fields.Select(field => field.Key).SequenceEqual(b.Fields.Select(field => field.Key)),
                    $"{path}: {string.Join(',', a.Fields.Select(field => field.Key))} and {string.Join(',', b.Fields.Select(field => field.Key))}");
                for (int i = 0; i < a.Fields.Count; i++) AssertSameForm(path + "." + a.Fields[i].Key, a.Fields[i].Value, b.Fields[i].Value);
                break;
            case (IReadOnlyList<object?> a, IReadOnlyList<object?> b):
                if (a.Count > 0 && b.Count > 0) AssertSameForm(path + "[]", a[0], b[0]);
                break;
            case (null, _) or (_, null):
                Assert.True((expected ?? actual) is null or MsgPackMap or IReadOnlyList<object?> or ReadOnlyMemory<byte>, $"{path}: {expected} and {actual}");
                break;
            default:
                Assert.True(KindOf(expected) == KindOf(actual), $"{path}: {expected} and {actual}");
                break;
        }
    }

    private static string KindOf(object? value) => value switch
    {
        bool => "bool",
        long or ulong => "number",
        double => "float",
        ReadOnlyMemory<byte> => "text",
        _ => value?.GetType().Name ?? "nil",
    };
}
