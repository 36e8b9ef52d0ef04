using System.Text;
using System.Text.Json;
using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance.Genesis;

/// <summary>What the JVM client relies on beyond the recorded cases: escaped names, stray authentication.</summary>
public sealed class ClientBehaviourTests(DevServer server) : IClassFixture<DevServer>
{
    private CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Escaped_slash_in_a_key_is_the_same_key()
    {
        Assert.Equal("true", (await PutAsync("/v1/kv/esc%2Fa%2Fb", "one")).Text.Trim());
        Assert.Equal("one", (await GetAsync("/v1/kv/esc/a/b?raw")).Text);
        var index = (await GetAsync("/v1/kv/esc/a/b")).Json()[0].GetProperty("ModifyIndex").GetUInt64();
        Assert.Equal("true", (await PutAsync($"/v1/kv/esc/a/b?cas={index}", "two")).Text.Trim());
        Assert.Equal("two", (await GetAsync("/v1/kv/esc%2Fa/b?raw")).Text);
        Assert.Equal("esc/a/b", (await GetAsync("/v1/kv/esc%2Fa?recurse=true")).Json()[0].GetProperty("Key").GetString());
        var session = await SessionAsync();
        Assert.Equal("true", (await PutAsync($"/v1/kv/esc%2Fa%2Fb?acquire={session}", "held")).Text.Trim());
        Assert.Equal(session, (await GetAsync("/v1/kv/esc/a/b")).Json()[0].GetProperty("Session").GetString());
        Assert.Equal("true", (await PutAsync($"/v1/kv/esc/a/b?release={session}", "")).Text.Trim());
        Assert.Equal(200, (await SendAsync(RawRequest.Delete("/v1/kv/esc%2Fa%2Fb"))).Status);
        Assert.Equal(404, (await GetAsync("/v1/kv/esc/a/b")).Status);
    }

    [Fact]
    public async Task Escaped_slash_in_service_check_and_node_names_is_decoded()
    {
        Assert.Equal(200, (await PutAsync("/v1/agent/service/register", """{"Name":"slash","Id":"sl/a","Check":{"TTL":"60s"}}""")).Status);
        Assert.Equal(200, (await PutAsync("/v1/agent/check/pass/service:sl%2Fa?note=ok")).Status);
        Assert.Equal("sl/a", (await GetAsync("/v1/agent/service/sl%2Fa")).Json().GetProperty("ID").GetString());
        Assert.Equal(200, (await PutAsync("/v1/agent/service/deregister/sl%2Fa")).Status);

        Assert.Equal(200, (await PutAsync("/v1/catalog/register", """{"Node":"no/de","Address":"192.0.2.1"}""")).Status);
        Assert.Equal("no/de", (await GetAsync("/v1/catalog/node/no%2Fde")).Json().GetProperty("Node").GetProperty("Node").GetString());
        Assert.Equal(200, (await PutAsync("/v1/catalog/deregister", """{"Datacenter":"dc1","Node":"no/de","CheckID":"","ServiceID":"","WriteRequest":{"Token":""}}""")).Status);
    }

    [Theory]
    [InlineData("Authorization", "Basic dXNlcjpwYXNz")]
    [InlineData("X-Consul-Token", "")]
    [InlineData("X-Custom", "anything")]
    public async Task Stray_headers_are_not_refused(string name, string value) =>
        Assert.Equal(200, (await SendAsync(new RawRequest("GET", "/v1/catalog/nodes", [new(name, value)]))).Status);

    [Theory]
    [InlineData("/v1/kv/none?recurse=&stale=", 404)]
    [InlineData("/v1/kv/none?recurse&consistent", 404)]
    [InlineData("/v1/catalog/services?cached=", 200)]
    [InlineData("/v1/catalog/nodes?token=", 200)]
    public async Task Parameters_count_by_their_presence(string target, int status) => Assert.Equal(status, (await GetAsync(target)).Status);

    [Fact]
    public async Task Registration_with_every_unset_field_null_makes_the_service_and_its_default_check()
    {
        var answer = await PutAsync("/v1/agent/service/register", """
            {"Name":"nulls","Id":"nulls-1","Address":null,"Port":null,"Checks":[],"Tags":[],"Meta":{},"EnableTagOverride":null,"Weights":null,
             "Check":{"CheckID":null,"Name":null,"Args":null,"Interval":null,"TTL":"10s","HTTP":null,"TCP":null,"GRPC":null,"GRPCUseTLS":null,"Timeout":null,"Notes":null,
                      "DeregisterCriticalServiceAfter":null,"TLSSkipVerify":null,"Status":null,"SuccessBeforePassing":null,"FailuresBeforeCritical":null}}
            """);
        Assert.True(answer.Status == 200, answer.Text);
        var check = (await GetAsync("/v1/agent/checks")).Json().GetProperty("service:nulls-1");
        Assert.Equal("critical", check.GetProperty("Status").GetString());
        Assert.Equal(200, (await PutAsync("/v1/agent/service/register", """{"Name":"nocheck","Id":"nocheck-1","Check":null,"Checks":[],"Tags":[],"Meta":{}}""")).Status);
        Assert.False((await GetAsync("/v1/agent/checks")).Json().TryGetProperty("service:nocheck-1", out _));
        await PutAsync("/v1/agent/service/deregister/nulls-1");
        await PutAsync("/v1/agent/service/deregister/nocheck-1");
    }

    [Fact]
    public async Task Text_arrives_byte_for_byte_whatever_its_charset()
    {
        byte[] latin = [0x66, 0xfc, 0x72];
        await SendAsync(new RawRequest("PUT", "/v1/kv/charset", [new("Content-Type", "text/plain; charset=ISO-8859-1")], latin));
        Assert.Equal(latin, (await GetAsync("/v1/kv/charset?raw")).Body);
        Assert.Equal(latin, (await GetAsync("/v1/kv/charset")).Json()[0].GetProperty("Value").GetBytesFromBase64());
    }

    [Fact]
    public async Task Five_quick_writes_reach_a_key_cache_as_five_notifications()
    {
        var seen = new List<string>();
        using var heard = new SemaphoreSlim(0);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var cache = KeyCacheAsync("five", value =>
        {
            seen.Add(value);
            heard.Release();
            return seen.Count == 6;
        }, enough.Token);
        for (var i = 1; i <= 5; i++)
        {
            // As quick as a cache can be told apart what it hears: the write may come before its next question.
            await heard.WaitAsync(Stop);
            await PutAsync("/v1/kv/five/key", i.ToString());
        }
        await cache.WaitAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(["", "1", "2", "3", "4", "5"], seen);
    }

    /// <summary>The client's loop: no index first, then the last index with every request, also after 404; a listener hears only of changes.</summary>
    private async Task KeyCacheAsync(string prefix, Predicate<string> isLast, CancellationToken stop)
    {
        string? last = null;
        for (ulong index = 0; ;)
        {
            var answer = await server.Client.SendAsync(RawRequest.Get($"/v1/kv/{prefix}?recurse=true" + (index == 0 ? "" : $"&wait=8s&index={index}")), stop);
            index = ulong.Parse(answer.Header("X-Consul-Index")!);
            var value = answer.Status == 404 ? "" : Encoding.UTF8.GetString(answer.Json()[0].GetProperty("Value").GetBytesFromBase64());
            if (value == last) continue;
            last = value;
            if (isLast(value)) return;
        }
    }

    [Fact]
    public async Task Dropped_watch_leaves_the_server_in_order()
    {
        var index = (await GetAsync("/v1/kv/dropped")).Header("X-Consul-Index");
        using (var drop = CancellationTokenSource.CreateLinkedTokenSource(Stop))
        {
            var watches = Enumerable.Range(0, 50).Select(_ => server.Client.SendAsync(RawRequest.Get($"/v1/kv/dropped?index={index}&wait=60s"), drop.Token)).ToList();
            await Task.Delay(200, Stop);
            await drop.CancelAsync();
            foreach (var watch in watches) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        }
        var waiting = GetAsync($"/v1/kv/dropped?index={index}&wait=60s");
        await PutAsync("/v1/kv/dropped", "x");
        Assert.Equal(200, (await waiting).Status);
    }

    private async Task<string> SessionAsync() => (await PutAsync("/v1/session/create", """{"Name":"leader","LockDelay":"0s"}""")).Json().GetProperty("ID").GetString()!;

    private Task<RawResponse> GetAsync(string target) => SendAsync(RawRequest.Get(target));

    private Task<RawResponse> PutAsync(string target, string body = "") => SendAsync(RawRequest.Put(target, body));

    private Task<RawResponse> SendAsync(RawRequest request) => server.Client.SendAsync(request, Stop);
}
