using System.Net;
using System.Text;
using Conclave.Agent;
using Conclave.Agent.Pools;
using Conclave.Http.Endpoints;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class KeyringEndpointTests : IAsyncLifetime
{
    private const string Key = "HS5lJ+XuTlYKWaeGYyG+/A==";

    private readonly FixedPools _pools = new();
    private RunningFrontEnd _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningFrontEnd.StartAsync(router => new KeyringEndpoint(_pools).Map(router));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_list_shows_what_each_pool_counted()
    {
        _pools.Keys = new(AgentOutcome.Ok,
        [
            new() { IsWan = true, Datacenter = "dc1", NodeCount = 1, Keys = [new(Key, 1)], PrimaryKeys = [new(Key, 1)] },
            new() { IsWan = false, Datacenter = "dc1", NodeCount = 3, Keys = [new(Key, 3)], PrimaryKeys = [new(Key, 3)], Messages = [new("n2", "late")] },
        ]);
        Assert.Equal(
            $$"""[{"WAN":true,"Datacenter":"dc1","Segment":"","Keys":{"{{Key}}":1},"PrimaryKeys":{"{{Key}}":1},"NumNodes":1},"""
            + $$"""{"WAN":false,"Datacenter":"dc1","Segment":"","Messages":{"n2":"late"},"Keys":{"{{Key}}":3},"PrimaryKeys":{"{{Key}}":3},"NumNodes":3}]""",
            await _server.Client.GetStringAsync("/v1/operator/keyring?local-only=true&relay-factor=2"));
        Assert.Equal(new KeyringRequest(KeyringVerb.List, "", 2, true), _pools.KeysAsked);
    }

    [Theory]
    [InlineData("POST", KeyringVerb.Install)]
    [InlineData("PUT", KeyringVerb.Use)]
    [InlineData("DELETE", KeyringVerb.Remove)]
    public async Task Each_method_is_its_own_verb(string method, KeyringVerb verb)
    {
        using var answer = await SendAsync(method, "", $$"""{"key":"{{Key}}","Other":1}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("", await answer.Content.ReadAsStringAsync());
        Assert.Equal(new KeyringRequest(verb, Key, 0, false), _pools.KeysAsked);
    }

    [Theory]
    [InlineData("PUT", "", "", "Bad request: Request decode failed: EOF")]
    [InlineData("GET", "?relay-factor=6", null, "Bad request: Invalid relay factor: Relay factor must be in range: [0, 5]")]
    [InlineData("GET", "?relay-factor=x", null, "Bad request: Error parsing relay factor: strconv.Atoi: parsing \"x\": invalid syntax")]
    [InlineData("GET", "?local-only=x", null, "Bad request: Error parsing local-only: strconv.ParseBool: parsing \"x\": invalid syntax")]
    [InlineData("PUT", "?local-only=1", "{}", "Bad request: Invalid use of local-only: local-only can only be set for list requests")]
    public async Task Wrong_requests_reach_no_pool(string method, string query, string? body, string text)
    {
        using var answer = await SendAsync(method, query, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync());
        Assert.Null(_pools.KeysAsked);
    }

    [Fact]
    public async Task What_failing_pools_and_their_members_said_is_told_together()
    {
        _pools.Keys = new(AgentOutcome.Ok,
        [
            new() { IsWan = true, Datacenter = "dc1", NodeCount = 1 },
            new() { IsWan = false, Datacenter = "dc1", Segment = "s", NodeCount = 2, Error = "1/2 nodes reported failure", Messages = [new("n1", "no")] },
        ]);
        using var answer = await SendAsync("POST", "", "{}");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("2 errors occurred:\n\t* dc1 (LAN) [segment: s] error: 1/2 nodes reported failure\n\t* n1: no\n\n", await answer.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string query, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/operator/keyring" + query) { Content = body is null ? null : new StringContent(body, Encoding.UTF8) };
        return await _server.Client.SendAsync(request);
    }
}
