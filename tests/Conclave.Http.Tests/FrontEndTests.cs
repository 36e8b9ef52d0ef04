using System.Net;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class FrontEndTests
{
    [Theory]
    [InlineData("/v1//echo/x?a=b", "/v1/echo/x?a=b")]
    [InlineData("//v1/echo/x", "/v1/echo/x")]
    [InlineData("/v1/echo/a/%2E%2E/b", "/v1/echo/b")]
    [InlineData("/v1/echo/a%20b/../c d", null)]
    [InlineData("/v1/echo/a%20b/./c", "/v1/echo/a%20b/c")]
    [InlineData("/v1/echo?x", "/v1/echo/?x")]
    public async Task Unclean_paths_are_redirected_with_their_query(string target, string? location)
    {
        await using var server = await StartAsync();
        var answer = await server.RawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        if (location is null) Assert.StartsWith("HTTP/1.1 400", answer);
        else
        {
            Assert.StartsWith("HTTP/1.1 301", answer);
            Assert.Contains($"\r\nLocation: {location}\r\n", answer);
            Assert.Contains($"<a href=\"{location.Replace("&", "&amp;")}\">Moved Permanently</a>.\n\n", answer);
        }
    }

    [Fact]
    public async Task The_rest_of_the_path_is_decoded_once_and_keeps_its_slashes()
    {
        await using var server = await StartAsync();
        Assert.Equal("\"a/b c%2Fd?\"", await server.Client.GetStringAsync("/v1/echo/a%2Fb%20c%252Fd%3F"));
    }

    [Fact]
    public async Task Methods_outside_the_route_get_405_with_what_is_allowed()
    {
        await using var server = await StartAsync();
        using var answer = await server.Client.PostAsync("/v1/echo/x", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal("method POST not allowed", await answer.Content.ReadAsStringAsync());
        Assert.Equal(["OPTIONS", "GET", "PUT"], answer.Content.Headers.Allow);
        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Options_lists_methods_and_head_is_refused_without_a_body()
    {
        await using var server = await StartAsync();
        var options = await server.RawAsync("OPTIONS /v1/echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", options);
        Assert.Contains("\r\nAllow: OPTIONS,GET,PUT\r\n", options);
        Assert.DoesNotContain("Content-Type", options);
        var head = await server.RawAsync("HEAD /v1/echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405", head);
        Assert.EndsWith("\r\n\r\n", head);
        var unknown = await server.RawAsync("HEAD /nonsense HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404", unknown);
        Assert.DoesNotContain("Content-Type", unknown);
    }

    [Fact]
    public async Task Unprintable_paths_are_400_without_a_body()
    {
        await using var server = await StartAsync();
        foreach (var path in (string[])["a%00b", "a%0ab", "a%7fb", "a%E2%80%8Bb"])
        {
            var answer = await server.RawAsync($"GET /v1/echo/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 400", answer);
            Assert.DoesNotContain("Content-Type", answer);
            Assert.EndsWith("\r\n\r\n", answer);
        }
    }

    [Fact]
    public async Task The_root_leads_to_the_user_interface_only_when_there_is_one()
    {
        await using var with = await StartAsync(new HttpOptions { UiEnabled = true });
        using var redirected = await with.Client.GetAsync("/");
        Assert.Equal("/ui/", redirected.Headers.Location!.ToString());
        await using var without = await StartAsync();
        Assert.StartsWith("Consul Agent: UI disabled", await without.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Blocked_endpoints_are_403_below_their_prefix()
    {
        await using var server = await StartAsync(new HttpOptions { BlockEndpoints = ["/v1/echo/no"] });
        using var blocked = await server.Client.GetAsync("/v1/echo/no/x");
        Assert.Equal(HttpStatusCode.Forbidden, blocked.StatusCode);
        Assert.Equal("Endpoint is blocked by agent configuration", await blocked.Content.ReadAsStringAsync());
        using var open = await server.Client.GetAsync("/v1/echo/yes");
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
    }

    [Fact]
    public async Task Writes_from_other_networks_are_refused_and_reads_are_not()
    {
        await using var server = await StartAsync(new HttpOptions { AllowWriteFrom = [IPNetwork.Parse("10.255.0.0/16")] });
        using var write = await server.Client.PutAsync("/v1/echo/x", null);
        Assert.Equal(HttpStatusCode.Forbidden, write.StatusCode);
        Assert.Equal("Access is restricted", await write.Content.ReadAsStringAsync());
        using var read = await server.Client.GetAsync("/v1/echo/x");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    [Fact]
    public async Task Configured_headers_and_the_policy_come_with_every_answer()
    {
        await using var server = await StartAsync(new HttpOptions { ResponseHeaders = new Dictionary<string, string> { ["X-Extra"] = "one" }, TranslateWanAddresses = true });
        using var answer = await server.Client.GetAsync("/v1/echo/x");
        Assert.Equal("one", Assert.Single(answer.Headers.GetValues("X-Extra")));
        Assert.Equal("true", Assert.Single(answer.Headers.GetValues("X-Consul-Translate-Addresses")));
        Assert.Equal("allow", Assert.Single(answer.Headers.GetValues("X-Consul-Default-ACL-Policy")));
        Assert.Equal("Accept-Encoding", Assert.Single(answer.Headers.Vary));
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Large_answers_are_compressed_on_request_and_small_ones_never()
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/echo/" + new string('a', 2000));
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var large = await server.Client.SendAsync(request);
        Assert.Equal("gzip", Assert.Single(large.Content.Headers.ContentEncoding));
        using var small = new HttpRequestMessage(HttpMethod.Get, "/v1/echo/a");
        small.Headers.AcceptEncoding.ParseAdd("gzip");
        using var plain = await server.Client.SendAsync(small);
        Assert.Empty(plain.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task A_failing_handler_answers_500_and_the_server_goes_on()
    {
        await using var server = await RunningFrontEnd.StartAsync(static r => r.Add("/v1/fail", HttpVerbs.Get, static _ => throw new InvalidOperationException("boom")));
        for (var i = 0; i < 2; i++)
        {
            using var answer = await server.Client.GetAsync("/v1/fail");
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.DoesNotContain("boom", await answer.Content.ReadAsStringAsync());
        }
    }

    private static Task<RunningFrontEnd> StartAsync(HttpOptions? options = null) => RunningFrontEnd.StartAsync(static r => r.Add("/v1/echo/", HttpVerbs.Get | HttpVerbs.Put, Echo), options);

    private static ValueTask Echo(ApiRequest request)
    {
        request.StartJson().String(request.Rest);
        return request.SendJsonAsync();
    }
}
