using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Conclave.Agent;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Agent.Probes;
using Conclave.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Tests.Agent;

public sealed class ProbeTests : IAsyncDisposable
{
    private readonly Channel<(long Run, ProbeResult Result)> _results = Channel.CreateUnbounded<(long, ProbeResult)>();
    private readonly ProbeRunner _runner;
    private long _lastRun;

    public ProbeTests() => _runner = new(8, new StateCatalog(new AgentGateway()), TimeProvider.System, (run, result, _) => _results.Writer.TryWrite((run, result)));

    public ValueTask DisposeAsync() => _runner.DisposeAsync();

    [Theory]
    [InlineData(200, HealthStatus.Passing, "200 OK")]
    [InlineData(204, HealthStatus.Passing, "204 No Content")]
    [InlineData(429, HealthStatus.Warning, "429 Too Many Requests")]
    [InlineData(500, HealthStatus.Critical, "500 Internal Server Error")]
    [InlineData(404, HealthStatus.Critical, "404 Not Found")]
    public async Task The_status_code_decides_over_an_http_check(int code, string status, string phrase)
    {
        await using var server = await StartAsync(HttpProtocols.Http1, async context =>
        {
            context.Response.StatusCode = code;
            if (code != 204) await context.Response.WriteAsync("body");
        });
        var result = await RunAsync(new() { Http = server.Url });
        Assert.Equal(new(status, $"HTTP GET {server.Url}: {phrase} Output: {(code == 204 ? "" : "body")}"), result);
    }

    [Fact]
    public async Task Method_header_and_body_are_sent()
    {
        string seen = "";
        await using var server = await StartAsync(HttpProtocols.Http1, async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            seen = $"{context.Request.Method} {context.Request.Headers["X-A"]} {context.Request.Headers.UserAgent} {await reader.ReadToEndAsync()}";
        });
        await RunAsync(new() { Http = server.Url, Method = "put", Body = "hello", Header = new SortedDictionary<string, IReadOnlyList<string>> { ["X-A"] = ["1", "2"] } });
        Assert.Equal("PUT 1, 2 Consul Health Check hello", seen);
    }

    [Fact]
    public async Task An_ipv4_address_in_brackets_works()
    {
        await using var server = await StartAsync(HttpProtocols.Http1, context => context.Response.WriteAsync("ok"));
        string url = $"http://[127.0.0.1]:{server.Port}/health";
        Assert.Equal(new(HealthStatus.Passing, $"HTTP GET {url}: 200 OK Output: ok"), await RunAsync(new() { Http = url }));
        Assert.Equal(HealthStatus.Passing, (await RunAsync(new() { Tcp = $"[127.0.0.1]:{server.Port}" })).Status);
    }

    [Fact]
    public async Task Only_the_end_of_a_long_answer_is_kept()
    {
        await using var server = await StartAsync(HttpProtocols.Http1, context => context.Response.WriteAsync(new string('a', 100_000) + "end"));
        var result = await RunAsync(new() { Http = server.Url }, outputMax: 10);
        Assert.EndsWith(" Output: aaaaaaaend", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_are_followed_unless_switched_off()
    {
        await using var server = await StartAsync(HttpProtocols.Http1, context =>
        {
            if (context.Request.Path == "/") context.Response.Redirect("/there");
            return Task.CompletedTask;
        });
        Assert.Equal(HealthStatus.Passing, (await RunAsync(new() { Http = server.Url })).Status);
        Assert.Contains("302 Found", (await RunAsync(new() { Http = server.Url, DisableRedirects = true })).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_connections_are_told_in_known_words()
    {
        int port = ClosedPort();
        Assert.Equal(new(HealthStatus.Critical, $"Get \"http://127.0.0.1:{port}/\": dial tcp 127.0.0.1:{port}: connect: connection refused"), await RunAsync(new() { Http = $"http://127.0.0.1:{port}/" }));
        Assert.Equal(new(HealthStatus.Critical, $"dial tcp 127.0.0.1:{port}: connect: connection refused"), await RunAsync(new() { Tcp = $"127.0.0.1:{port}" }));
        Assert.Equal(HealthStatus.Critical, (await RunAsync(new() { Udp = $"127.0.0.1:{port}" })).Status);
        Assert.Contains("connection refused", (await RunAsync(new() { Grpc = $"127.0.0.1:{port}" })).Output, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Critical, (await RunAsync(new() { H2Ping = $"127.0.0.1:{port}", H2PingUseTls = false })).Status);
    }

    [Fact]
    public async Task An_http_check_that_takes_too_long_is_critical()
    {
        await using var server = await StartAsync(HttpProtocols.Http1, context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var result = await RunAsync(new() { Http = server.Url, Timeout = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(new(HealthStatus.Critical, $"Get \"{server.Url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"), result);
    }

    [Fact]
    public async Task Open_ports_pass()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        string tcp = listener.LocalEndPoint!.ToString()!;
        Assert.Equal(new(HealthStatus.Passing, $"TCP connect {tcp}: Success"), await RunAsync(new() { Tcp = tcp }));

        using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string udp = datagrams.LocalEndPoint!.ToString()!;
        Assert.Equal(new(HealthStatus.Passing, $"UDP connect {udp}: Success"), await RunAsync(new() { Udp = udp }));
    }

    [Theory]
    [InlineData("good", HealthStatus.Passing, "success")]
    [InlineData("bad", HealthStatus.Critical, "gRPC application didn't report service healthy")]
    [InlineData("none", HealthStatus.Critical, "rpc error: code = NotFound desc = unknown service")]
    public async Task The_grpc_health_service_decides(string service, string status, string text)
    {
        await using var server = await StartAsync(HttpProtocols.Http2, AnswerGrpcAsync);
        var result = await RunAsync(new() { Grpc = $"127.0.0.1:{server.Port}/{service}" });
        Assert.Equal(status, result.Status);
        Assert.EndsWith(text, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_http2_ping_is_answered()
    {
        await using var server = await StartAsync(HttpProtocols.Http2, _ => Task.CompletedTask);
        Assert.Equal(new(HealthStatus.Passing, "HTTP2 ping was successful"), await RunAsync(new() { H2Ping = $"127.0.0.1:{server.Port}", H2PingUseTls = false }));
    }

    [Theory]
    [InlineData("exit 0", HealthStatus.Passing)]
    [InlineData("exit 1", HealthStatus.Warning)]
    [InlineData("exit 2", HealthStatus.Critical)]
    public async Task The_exit_code_decides_over_a_script(string script, string status)
    {
        var result = await RunAsync(new() { ScriptArgs = ["/bin/sh", "-c", "echo out; echo err >&2; " + script] });
        Assert.Equal(status, result.Status);
        Assert.Contains("out", result.Output, StringComparison.Ordinal);
        Assert.Contains("err", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_are_not_given_to_a_shell() =>
        Assert.Equal(new(HealthStatus.Passing, "$HOME;true\n"), await RunAsync(new() { ScriptArgs = ["/bin/echo", "$HOME;true"] }));

    [Fact]
    public async Task A_script_that_takes_too_long_is_killed_with_its_children()
    {
        string marker = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var result = await RunAsync(new() { ScriptArgs = ["/bin/sh", "-c", $"sleep 600 & echo $! > {marker}; wait"], Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(new(HealthStatus.Critical, "Timed out (300ms) running check"), result);
        int child = int.Parse(File.ReadAllText(marker));
        File.Delete(marker);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (IsRunning(child)) await Task.Delay(10, limit.Token);
    }

    [Fact]
    public async Task Long_output_of_a_script_is_cut_to_its_end()
    {
        var result = await RunAsync(new() { ScriptArgs = ["/bin/sh", "-c", "printf aaaaaaaaaa; printf tail"] }, outputMax: 6);
        Assert.Equal("Captured 6 of 14 bytes\n...\naatail", result.Output);
    }

    [Fact]
    public async Task A_missing_program_is_critical() =>
        Assert.Equal(HealthStatus.Critical, (await RunAsync(new() { ScriptArgs = ["/no/such/program"] })).Status);

    [Fact]
    public async Task Stopping_ends_runs_that_are_under_way()
    {
        await using var server = await StartAsync(HttpProtocols.Http1, context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        for (int i = 0; i < 20; i++) _runner.Start(new(100 + i, new() { Http = server.Url, Timeout = TimeSpan.FromMinutes(10) }, 100));
        await _runner.DisposeAsync();
    }

    [Fact]
    public void The_tail_buffer_keeps_exactly_the_last_bytes()
    {
        Property.Check<byte[][]>(pieces =>
        {
            var tail = new TailBuffer(7);
            byte[] all = [.. pieces.SelectMany(piece => piece ?? []).Select(b => (byte)('a' + b % 26))];
            int at = 0;
            foreach (byte[]? piece in pieces)
            {
                tail.Add(all.AsSpan(at, piece?.Length ?? 0));
                at += piece?.Length ?? 0;
            }
            return tail.Total == all.Length && tail.ToString() == Encoding.ASCII.GetString(all[Math.Max(0, all.Length - 7)..]);
        });
    }

    private static async Task AnswerGrpcAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        string service = Encoding.UTF8.GetString(body.ToArray()[7..]);
        context.Response.ContentType = "application/grpc";
        if (service == "none")
        {
            context.Response.Headers["grpc-status"] = "5";
            context.Response.Headers["grpc-message"] = "unknown%20service";
            return;
        }
        byte[] answer = [0, 0, 0, 0, 2, 8, (byte)(service == "good" ? 1 : 2)];
        await context.Response.Body.WriteAsync(answer);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task<ProbeResult> RunAsync(CheckDefinition check, int outputMax = 4096)
    {
        long run = ++_lastRun;
        _runner.Start(new RunProbe(run, check, outputMax));
        var (answered, result) = await _results.Reader.ReadAsync();
        Assert.Equal(run, answered);
        return result;
    }

    private static bool IsRunning(int process)
    {
        string file = $"/proc/{process}/stat";
        try
        {
            return File.Exists(file) && !File.ReadAllText(file).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static int ClosedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task<TestServer> StartAsync(HttpProtocols protocols, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new(application);
    }

    private sealed class TestServer(WebApplication application) : IAsyncDisposable
    {
        public int Port { get; } = new Uri(application.Urls.First()).Port;

        public string Url => $"http://127.0.0.1:{Port}/";

        public ValueTask DisposeAsync() => application.DisposeAsync();
    }
}
