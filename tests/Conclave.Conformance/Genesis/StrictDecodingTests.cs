using System.Text.Json;
using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance.Genesis;

/// <summary>Every read of the JVM client decodes under its strict rules.</summary>
public abstract class StrictDecodingTests(ConformanceServer server)
{
    public static IEnumerable<TheoryDataRow<string>> Reads => ClientReads.All.Keys.Select(target => new TheoryDataRow<string>(target));

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task Read_decodes(string target)
    {
        Assert.Null(server.Refusal);
        var node = (await server.Client.SendAsync(RawRequest.Get("/v1/agent/self"), TestContext.Current.CancellationToken)).Json().GetProperty("Config").GetProperty("NodeName").GetString()!;
        var answer = await server.Client.SendAsync(RawRequest.Get(target.Replace("{node}", Uri.EscapeDataString(node))), TestContext.Current.CancellationToken);
        if (answer.Status == 404 && ClientReads.MayBeMissing(target))
        {
            // A watch of a missing key lives on this header: without it the client asks again at once, for ever.
            Assert.True(ulong.Parse(answer.Header("X-Consul-Index")!) >= 1);
            return;
        }
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text}");
        var body = answer.Json();
        if (ClientReads.MustNotBeNull(target)) Assert.NotEqual(JsonValueKind.Null, body.ValueKind);
        Assert.Null(ClientReads.All[target].Check(body, "$"));
    }
}

public sealed class StrictDecodingOfAnEmptyServer(DevServer server) : StrictDecodingTests(server), IClassFixture<DevServer>;

public sealed class StrictDecodingAfterTenRegistrations(FilledServer server) : StrictDecodingTests(server), IClassFixture<FilledServer>
{
    private readonly FilledServer _server = server;

    [Fact]
    public async Task Session_and_service_by_id_decode()
    {
        var stop = TestContext.Current.CancellationToken;
        var session = (await _server.Client.SendAsync(RawRequest.Get("/v1/session/list"), stop)).Json()[0].GetProperty("ID").GetString();
        var info = (await _server.Client.SendAsync(RawRequest.Get($"/v1/session/info/{session}"), stop)).Json();
        Assert.Equal(1, info.GetArrayLength());
        Assert.Null(Shape.ListOf(ClientModels.Session).Check(info, "$"));
        Assert.Null(ClientModels.AgentService.Check((await _server.Client.SendAsync(RawRequest.Get("/v1/agent/service/web-1"), stop)).Json(), "$"));
    }

    [Fact]
    public async Task Renewal_gives_a_list_of_the_session()
    {
        var stop = TestContext.Current.CancellationToken;
        var session = (await _server.Client.SendAsync(RawRequest.Get("/v1/session/list"), stop)).Json()[0].GetProperty("ID").GetString();
        var renewed = (await _server.Client.SendAsync(RawRequest.Put($"/v1/session/renew/{session}", "{}"), stop)).Json();
        Assert.Null(Shape.ListOf(ClientModels.Session).Check(renewed, "$"));
    }

    [Fact]
    public async Task External_node_without_tagged_addresses_decodes()
    {
        var nodes = (await _server.Client.SendAsync(RawRequest.Get("/v1/catalog/nodes"), TestContext.Current.CancellationToken)).Json();
        var outside = nodes.EnumerateArray().Single(node => node.GetProperty("Node").GetString() == "outside");
        Assert.Equal(JsonValueKind.Null, outside.GetProperty("TaggedAddresses").ValueKind);
        Assert.Null(ClientModels.Node.Check(outside, "$"));
    }
}
