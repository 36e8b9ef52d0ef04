using System.Net;
using System.Text;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class KvEndpointTests
{
    [Fact]
    public async Task A_written_key_reads_back_in_the_peers_form()
    {
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/a/b?flags=18446744073709551615", "hello");
        using var answer = await server.Client.GetAsync("/v1/kv/a%2Fb");
        Assert.Equal("[{\"LockIndex\":0,\"Key\":\"a/b\",\"Flags\":18446744073709551615,\"Value\":\"aGVsbG8=\",\"CreateIndex\":1,\"ModifyIndex\":1}]", await answer.Content.ReadAsStringAsync());
        Assert.Equal("1", Assert.Single(answer.Headers.GetValues("X-Consul-Index")));
        Assert.Equal("true", Assert.Single(answer.Headers.GetValues("X-Consul-KnownLeader")));
        Assert.Equal("0", Assert.Single(answer.Headers.GetValues("X-Consul-LastContact")));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task A_missing_key_is_404_without_body_but_with_an_index_of_at_least_one()
    {
        await using var server = await StateServer.StartAsync();
        using var answer = await server.Client.GetAsync("/v1/kv/none");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("1", Assert.Single(answer.Headers.GetValues("X-Consul-Index")));
        Assert.Equal(0, answer.Content.Headers.ContentLength);
        Assert.Null(answer.Content.Headers.ContentType);
    }

    [Fact]
    public async Task Raw_values_cannot_act_as_a_page()
    {
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/page", "<script>alert(1)</script>");
        using var answer = await server.Client.GetAsync("/v1/kv/page?raw");
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("<script>alert(1)</script>", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("index=bad", "Invalid index")]
    [InlineData("index=-1", "Invalid index")]
    [InlineData("index=18446744073709551616", "Invalid index")]
    [InlineData("wait=bad", "Invalid wait time")]
    [InlineData("wait=5", "Invalid wait time")]
    [InlineData("max_stale=abc", "Invalid max_stale value \"abc\"")]
    [InlineData("stale&consistent", "Cannot specify ?stale with ?consistent, conflicting semantics.")]
    [InlineData("cached&consistent", "Cannot specify ?cached with ?consistent, conflicting semantics.")]
    [InlineData("ns=x", "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature")]
    public async Task Bad_options_are_400_with_their_text(string query, string text)
    {
        await using var server = await StateServer.StartAsync();
        using var answer = await server.Client.GetAsync("/v1/kv/a?" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("PUT", "cas=0&acquire=x", "Conflicting flags: acquire=x&cas=0")]
    [InlineData("PUT", "acquire=x&release=y", "Conflicting flags: acquire=x&release=y")]
    [InlineData("DELETE", "recurse&cas=1", "Conflicting flags: cas=1&recurse=")]
    public async Task Conflicting_modes_are_refused(string method, string query, string text)
    {
        await using var server = await StateServer.StartAsync();
        using var answer = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/v1/kv/a?" + query));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_value_above_the_limit_is_413_however_it_is_framed()
    {
        await using var server = await StateServer.StartAsync(new HttpOptions { KvValueBytesMax = 1000 });
        using var announced = await server.Client.PutAsync("/v1/kv/a", new ByteArrayContent(new byte[1001]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, announced.StatusCode);
        Assert.Equal("Request body(1001 bytes) too large, max size: 1000 bytes. See https://www.consul.io/docs/agent/options.html#kv_max_value_size.", await announced.Content.ReadAsStringAsync());
        using var chunked = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/a") { Content = new StreamContent(new MemoryStream(new byte[5000])) };
        chunked.Headers.TransferEncodingChunked = true;
        using var slipped = await server.Client.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, slipped.StatusCode);
        using var exact = await server.Client.PutAsync("/v1/kv/a", new ByteArrayContent(new byte[1000]));
        Assert.Equal(HttpStatusCode.OK, exact.StatusCode);
        using var none = await server.Client.GetAsync("/v1/kv/a");
        Assert.Contains("\"ModifyIndex\":1}", await none.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_large_value_survives_many_segments()
    {
        await using var server = await StateServer.StartAsync();
        var value = new byte[512 * 1024];
        new Random(1).NextBytes(value);
        using var put = await server.Client.PutAsync("/v1/kv/big", new ByteArrayContent(value));
        Assert.Equal("true", await put.Content.ReadAsStringAsync());
        Assert.Equal(value, await server.Client.GetByteArrayAsync("/v1/kv/big?raw"));
    }

    [Fact]
    public async Task Without_a_leader_reads_fail_with_the_known_text()
    {
        await using var server = await StateServer.StartAsync();
        server.Gateway.ReadError = "No cluster leader";
        using var answer = await server.Client.GetAsync("/v1/kv/a");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("No cluster leader", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Lists_and_names_follow_prefix_and_separator()
    {
        await using var server = await StateServer.StartAsync();
        foreach (var key in (string[])["p/a/1", "p/a/2", "p/b", "q"]) await server.PutAsync("/v1/kv/" + key, "v");
        Assert.Equal("[\"p/a/\",\"p/b\"]", await server.Client.GetStringAsync("/v1/kv/p/?keys&separator=/"));
        Assert.Equal("[\n    \"p/a/1\",\n    \"p/a/2\",\n    \"p/b\"\n]\n", await server.Client.GetStringAsync("/v1/kv/p/?keys&recurse&pretty"));
        Assert.Equal(3, (await server.Client.GetStringAsync("/v1/kv/p/?recurse")).Split("LockIndex").Length - 1);
        using var missing = await server.Client.GetAsync("/v1/kv/?keys&recurse&separator=/&dc=nowhere");
        Assert.Equal("No path to datacenter", await missing.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Ten_thousand_parameters_are_read_and_one_more_is_refused()
    {
        await using var server = await StateServer.StartAsync();
        var many = new StringBuilder("/v1/kv/a?");
        for (var i = 0; i < 9_998; i++) many.Append("x&tag=1"[(i % 2 * 2)..][..1]).Append("=1&");
        using var accepted = await server.Client.GetAsync(many + "raw&keys");
        Assert.Equal(HttpStatusCode.NotFound, accepted.StatusCode);
        using var refused = await server.Client.GetAsync(many + "a&b&c");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }
}
