using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Conclave.Cli.Tests.Process;

/// <summary>What reading the configuration anew changes, and what it leaves alone.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Settings_that_may_change_at_run_time_do_and_others_are_named_in_a_warning()
    {
        _folder.File("a.json", """{"node_meta":{"rack":"1"},"log_level":"warn","limits":{"http_max_conns_per_client":100},"raft_trailing_logs":100}""");
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-config-file", "a.json", "-log-level=info");
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        await AnswersAsync(client, "\"rack\": \"1\"");
        _folder.File("a.json", """
            {"node_meta":{"rack":"2","new":"yes"},"http_config":{"response_headers":{"X-Site":"blue"},"block_endpoints":["/v1/event"]},"limits":{"http_max_conns_per_client":150},
             "raft_trailing_logs":200,"raft_snapshot_interval":"1s","datacenter":"dc9","retry_join":["127.0.0.1:1"]}
            """);
        Assert.Equal(new CommandResult(0, "Configuration reload triggered\n", ""), await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "reload"));
        await AnswersAsync(client, "\"rack\": \"2\"");
        await AnswersAsync(client, "\"new\": \"yes\"");
        using var answer = await client.GetAsync("/v1/agent/self");
        Assert.Equal("blue", Assert.Single(answer.Headers.GetValues("X-Site")));
        Assert.Equal("dc1", JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["Config"]!["Datacenter"]!.GetValue<string>());
        using var blocked = await client.GetAsync("/v1/event/list");
        Assert.Equal(HttpStatusCode.Forbidden, blocked.StatusCode);
        var warnings = agent.SeenSoFar().Where(line => line.Contains("takes effect only after a restart", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, warnings.Count);
        Assert.EndsWith("key=datacenter", warnings[0]);
        Assert.EndsWith("key=retry_join", warnings[1]);
    }

    [Theory]
    [InlineData("{", "parse")]
    [InlineData("""{"service":{"name":"new"},"no_such_key":1}""", "invalid config key no_such_key")]
    [InlineData("""{"services":[{"name":"new"},{"name":"bad","checks":[{"interval":"1s"}]}],"node_meta":{"rack":"2"},"watches":[]}""", "Failed to register service \"bad\"")]
    [InlineData("""{"service":{"name":"new"},"check":{"name":"lost","service_id":"nobody","ttl":"10s"}}""", "ServiceID \"nobody\" does not exist")]
    public async Task A_configuration_with_something_wrong_changes_nothing(string text, string reason)
    {
        _folder.File("a.json", """{"service":{"name":"old"},"node_meta":{"rack":"1"}}""");
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-config-file", "a.json");
        await agent.ReadyAsync();
        _folder.File("a.json", text);
        var reload = await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "reload");
        Assert.Equal(1, reload.Exit);
        Assert.Contains(reason, reload.Error);
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        Assert.Equal(["old"], JsonNode.Parse(await client.GetStringAsync("/v1/agent/services"))!.AsObject().Select(static service => service.Key));
        await AnswersAsync(client, "\"rack\": \"1\"");
    }

    [Fact]
    public async Task Checks_that_did_not_change_keep_their_status_and_those_that_vanished_are_gone()
    {
        _folder.File("a.json", """{"services":[{"name":"kept","check":{"ttl":"10m"}},{"name":"gone","check":{"ttl":"10m"}}],"check":{"id":"node","name":"node","ttl":"10m"}}""");
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-config-file", "a.json");
        await agent.ReadyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        foreach (string check in (string[])["service:kept", "service:gone", "node"]) await client.PutAsync($"/v1/agent/check/pass/{check}?note=fine", null);
        _folder.File("a.json", """{"services":[{"name":"kept","tags":["more"],"check":{"ttl":"10m"}}],"check":{"id":"node","name":"node","ttl":"10m"}}""");
        Assert.Equal(0, (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "reload")).Exit);
        var checks = JsonNode.Parse(await client.GetStringAsync("/v1/agent/checks"))!.AsObject();
        Assert.Equal(["node", "service:kept"], checks.Select(static check => check.Key).Order(StringComparer.Ordinal));
        Assert.All(checks, static check => Assert.Equal(("passing", "fine"), (check.Value!["Status"]!.GetValue<string>(), check.Value["Output"]!.GetValue<string>())));
    }

    [Fact]
    public async Task A_hangup_with_a_bad_file_is_an_error_in_the_log_and_nothing_else()
    {
        _folder.File("a.json", "{}");
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-config-file", "a.json");
        await agent.ReadyAsync();
        _folder.File("a.json", "{");
        agent.Signal(1);
        Assert.Contains("[ERROR] agent: Reload config failed: error=", await agent.LineAsync("[ERROR]"));
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        Assert.Equal("true", (await (await client.PutAsync("/v1/kv/a", new StringContent("1"))).Content.ReadAsStringAsync()).Trim());
    }

    [Fact]
    public async Task A_certificate_that_was_exchanged_is_shown_to_those_who_come_then()
    {
        string first = WriteCertificate("first");
        int port = Conclave.Tests.FreePorts.Take(1)[0];
        using var agent = AgentProcess.Start(_folder.Path, "-dev", $"-https-port={port}", "-hcl", "cert_file = \"cert.pem\" key_file = \"key.pem\"");
        await agent.ReadyAsync();
        Assert.Equal(first, await ShownAsync(port));
        string second = WriteCertificate("second");
        Assert.Equal(first, await ShownAsync(port));
        Assert.Equal(0, (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "reload")).Exit);
        Assert.Equal(second, await ShownAsync(port));
        _folder.File("cert.pem", "no certificate");
        var failed = await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "reload");
        Assert.Equal(1, failed.Exit);
        Assert.Contains("Error loading cert/key", failed.Error);
        Assert.Equal(second, await ShownAsync(port));
    }

    // Its thumbprint.
    private string WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _folder.File("cert.pem", certificate.ExportCertificatePem());
        _folder.File("key.pem", key.ExportECPrivateKeyPem());
        return certificate.Thumbprint;
    }

    private static async Task<string> ShownAsync(int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, static (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.GetCertHashString();
    }

    // What the agent says of its node, in its own words and in the catalog's.
    private static async Task AnswersAsync(HttpClient client, string text)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await ContainsAsync(client, "/v1/agent/self", text) || !await ContainsAsync(client, "/v1/catalog/nodes", text)) await Task.Delay(20, patience.Token);
    }

    private static async Task<bool> ContainsAsync(HttpClient client, string path, string text)
    {
        try
        {
            return (await client.GetStringAsync(path)).Contains(text, StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
