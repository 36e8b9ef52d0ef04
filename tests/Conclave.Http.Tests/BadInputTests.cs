using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class BadInputTests
{
    [Theory]
    [InlineData("/v1/catalog/register", "")]
    [InlineData("/v1/catalog/register", "{")]
    [InlineData("/v1/catalog/register", "[]")]
    [InlineData("/v1/catalog/register", "nonsense")]
    [InlineData("/v1/catalog/register", "\"x\"")]
    [InlineData("/v1/catalog/register", "{\"Node\":5}")]
    [InlineData("/v1/catalog/register", "{\"Node\":\"x\",\"Foo\":1}")]
    [InlineData("/v1/catalog/register", "{\"Node\":\"x\",\"Service\":{\"Port\":\"abc\"}}")]
    [InlineData("/v1/catalog/register", "{\"Node\":\"x\",\"Service\":{\"Port\":99999999999999999999}}")]
    [InlineData("/v1/catalog/register", "\ufeff{\"Node\":\"x\",\"Address\":\"y\"}")]
    [InlineData("/v1/catalog/register", "{\"Node\":\"x\",\"Address\":\"y\"")]
    [InlineData("/v1/catalog/register", "{\"Node\":\"\\ux\"}")]
    [InlineData("/v1/session/create", "{\"LockDelay\":\"soon\"}")]
    [InlineData("/v1/coordinate/update", "{\"Coord\":{\"Vec\":[1e999]}}")]
    [InlineData("/v1/txn", "{}")]
    [InlineData("/v1/txn", "[{\"KV\":{\"Value\":\"***\"}}]")]
    [InlineData("/v1/txn", "[{\"KV\":{\"Index\":-1}}]")]
    public async Task Malformed_bodies_are_400_with_a_text(string path, string body)
    {
        await using var server = await StateServer.StartAsync();
        using var answer = await server.Client.PutAsync(path, new StringContent(body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(path == "/v1/txn" ? "Failed to parse body: " : "Request decode failed: ", text);
        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Unknown_names_are_named()
    {
        await using var server = await StateServer.StartAsync();
        using var answer = await server.Client.PutAsync("/v1/catalog/register", new StringContent("{\"Node\":\"x\",\"Check\":{\"Frob\":1}}"));
        Assert.Equal("Request decode failed: json: unknown field \"Frob\"", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Nulls_other_spellings_broken_text_and_trailing_bytes_are_tolerated()
    {
        await using var server = await StateServer.StartAsync();
        var body = "{\"NODE\":\"n\",\"address\":\"10.0.0.1\",\"Service\":null,\"Checks\":null,\"NodeMeta\":{\"k\":\"a\\ud800b\"},\"WriteRequest\":{\"Token\":\"t\"}}\n trailing"u8.ToArray();
        body[^1] = 0xff;
        using var answer = await server.Client.PutAsync("/v1/catalog/register", new ByteArrayContent(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"k\":\"a\ufffdb\"", await server.Client.GetStringAsync("/v1/catalog/nodes"));
    }

    [Fact]
    public async Task Deeply_nested_json_is_refused_quickly()
    {
        await using var server = await StateServer.StartAsync();
        foreach (var (path, body) in ((string, string)[])[("/v1/catalog/register", "{\"Service\":{\"Proxy\":" + new string('[', 500_000)), ("/v1/txn", new string('[', 500_000))])
        {
            using var answer = await server.Client.PutAsync(path, new StringContent(body));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Deeply_nested_filters_are_refused_quickly()
    {
        await using var server = await StateServer.StartAsync();
        var clock = Stopwatch.StartNew();
        foreach (var filter in (string[])[new string('(', 8000), new string('(', 4000) + "Node==x" + new string(')', 4000), string.Concat(Enumerable.Repeat("not ", 3000)) + "Node==x"])
        {
            using var answer = await server.Client.GetAsync("/v1/catalog/nodes?filter=" + Uri.EscapeDataString(filter));
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "Nested filters took " + clock.Elapsed);
    }

    [Fact]
    public async Task A_json_body_above_its_limit_is_413()
    {
        await using var server = await StateServer.StartAsync(new HttpOptions { JsonBytesMax = 10_000 });
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/catalog/register") { Content = new StreamContent(new MemoryStream(new byte[50_000])) };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    // Each is either refused or answered as one request; none may turn into two.
    [Theory]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/kv/b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")]
    [InlineData("GET /v1/kv/a HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n")]
    [InlineData("GET /v1/kv/a HTTP/9.9\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v1/kv/\0 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\r\n\r\n\r\nnonsense\r\n\r\n")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00")]
    public async Task Broken_framing_is_refused_and_the_connection_closed(string bytes)
    {
        await using var server = await StateServer.StartAsync();
        var answer = await server.RawAsync(bytes);
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 4") || answer.StartsWith("HTTP/1.1 505"), answer);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1 is var answers and > 0 ? answers : 1);
        await server.PutAsync("/v1/kv/still", "alive");
    }

    [Fact]
    public async Task Oversized_lines_and_headers_are_refused()
    {
        await using var server = await StateServer.StartAsync();
        Assert.StartsWith("HTTP/1.1 414", await server.RawAsync("GET /v1/kv/" + new string('a', 200_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 431", await server.RawAsync("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX: " + new string('a', 200_000) + "\r\n\r\n"));
        var many = new StringBuilder("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n");
        for (var i = 0; i < 1000; i++) many.Append("X").Append(i).Append(": y\r\n");
        Assert.StartsWith("HTTP/1.1 431", await server.RawAsync(many.Append("\r\n").ToString()));
    }

    [Fact]
    public async Task Slow_headers_are_cut_off_by_their_timeout()
    {
        await using var server = await StateServer.StartAsync(new HttpOptions { HeaderTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.StartsWith("HTTP/1.1 408", await server.RawAsync("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX-Half"));
    }

    [Fact]
    public async Task Connections_of_one_client_are_limited_and_counted_down()
    {
        await using var server = await StateServer.StartAsync(new HttpOptions { ConnectionsPerClientMax = 3 });
        using var slow = new Connections(server.Port);
        await slow.OpenAsync(3);
        Assert.StartsWith("HTTP/1.1 429", await server.RawAsync("GET /v1/status/leader HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        slow.Dispose();
        var answer = "";
        for (var i = 0; i < 500 && !answer.StartsWith("HTTP/1.1 200"); i++)
        {
            await Task.Delay(10);
            answer = await server.RawAsync("GET /v1/status/leader HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        }
        Assert.StartsWith("HTTP/1.1 200", answer);
    }

    [Fact]
    public async Task Five_hundred_slow_clients_do_not_keep_others_waiting()
    {
        await using var server = await StateServer.StartAsync(new HttpOptions { ConnectionsPerClientMax = 0 });
        using var slow = new Connections(server.Port);
        await slow.OpenAsync(500);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await slow.SendAsync("PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nabc");
        for (var i = 0; i < 100; i++) await server.PutAsync("/v1/kv/fast" + i, "value");
        Assert.Equal("value", await server.Client.GetStringAsync("/v1/kv/fast99?raw"));
        var perClient = (GC.GetTotalMemory(forceFullCollection: true) - before) / 500;
        Assert.True(perClient < 64 * 1024, $"A slow client holds {perClient} bytes.");
    }

    [Fact]
    public async Task Absurd_numbers_are_400_or_harmless()
    {
        await using var server = await StateServer.StartAsync();
        foreach (var query in (string[])["index=99999999999999999999", "wait=99999999h", "wait=" + "1".PadRight(5000, '0') + "s", "index=0x1"])
        {
            using var answer = await server.Client.GetAsync("/v1/kv/a?" + query);
            Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, query);
        }
        using var cas = await server.Client.PutAsync("/v1/kv/a?cas=18446744073709551615", new StringContent("x"));
        Assert.Equal("false", await cas.Content.ReadAsStringAsync());
        using var beyond = await server.Client.PutAsync("/v1/kv/a?cas=18446744073709551616", new StringContent("x"));
        Assert.Equal(HttpStatusCode.InternalServerError, beyond.StatusCode);
    }

    private sealed class Connections(int port) : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public async Task OpenAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                _sockets.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, port);
            }
        }

        public async Task SendAsync(string text)
        {
            foreach (var socket in _sockets) await socket.SendAsync(Encoding.ASCII.GetBytes(text));
        }

        public void Dispose()
        {
            foreach (var socket in _sockets) socket.Dispose();
            _sockets.Clear();
        }
    }
}
