using System.Net;
using System.Net.Sockets;

namespace Conclave.Cli.Tests.Process;

/// <summary>How a server starts and ends, seen from outside: the exit codes and lines that launchers and harnesses count on.</summary>
public sealed class LifecycleTests : IDisposable
{
    private const int Hangup = 1, Interrupt = 2, Quit = 3, Abort = 6, Kill = 9, Pipe = 13, Terminate = 15;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Interrupt, 1)]
    [InlineData(Terminate, 1)]
    [InlineData(Quit, 2)]
    [InlineData(Abort, 2)]
    public async Task A_server_ends_on_a_signal_with_the_known_code(int signal, int code)
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev");
        await agent.ReadyAsync();
        agent.Signal(signal);
        Assert.Equal(code, await agent.ExitAsync());
        Assert.Contains(agent.Seen, line => line.EndsWith($"agent: Exit code: code={code}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("skip_leave_on_interrupt = false", Interrupt)]
    [InlineData("leave_on_terminate = true", Terminate)]
    public async Task A_server_leaves_when_told_to(string setting, int signal)
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-hcl", setting, "-hcl", "performance { leave_drain_time = \"10ms\" }");
        await agent.ReadyAsync();
        agent.Signal(signal);
        Assert.Equal(0, await agent.ExitAsync());
    }

    [Fact]
    public async Task A_second_signal_ends_a_leave()
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-hcl", "skip_leave_on_interrupt = false", "-hcl", "performance { leave_drain_time = \"10m\" }");
        await agent.ReadyAsync();
        agent.Signal(Interrupt);
        await agent.LineAsync("Gracefully shutting down agent");
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Fact]
    public async Task The_leave_verb_answers_and_the_server_exits_0()
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-hcl", "performance { leave_drain_time = \"10ms\" }");
        await agent.ReadyAsync();
        Assert.Equal(new CommandResult(0, "Graceful leave complete\n", ""), await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "leave"));
        Assert.Equal(0, await agent.ExitAsync());
    }

    [Fact]
    public async Task A_signal_that_was_ignored_by_the_shell_still_works()
    {
        var ports = Conclave.Tests.FreePorts.Take(4);
        using var shell = AgentProcess.Start(_folder.Path, ports[0], start => start.FileName = "/bin/sh",
            ["-c", $"trap '' INT; exec {AgentProcess.Program} agent -dev -http-port={ports[0]} -server-port={ports[1]} -serf-lan-port={ports[2]} -serf-wan-port={ports[3]}"]);
        await shell.ReadyAsync();
        shell.Signal(Interrupt);
        Assert.Equal(1, await shell.ExitAsync());
    }

    [Fact]
    public async Task Hangup_reloads_services_and_a_broken_pipe_does_nothing()
    {
        var file = _folder.File("services.json", """{"service":{"name":"one"}}""");
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-config-file", "services.json");
        await agent.ReadyAsync();
        agent.Signal(Pipe);
        File.WriteAllText(file, """{"services":[{"name":"two"}]}""");
        agent.Signal(Hangup);
        await agent.LineAsync("Caught: signal=hangup");
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        while ((await client.GetStringAsync("/v1/agent/services")).Contains("\"two\"", StringComparison.Ordinal) is false) await Task.Yield();
        Assert.DoesNotContain("\"one\"", await client.GetStringAsync("/v1/agent/services"));
        File.WriteAllText(file, "{");
        Assert.Equal(1, (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "reload")).Exit);
        Assert.Equal(new CommandResult(0, "", ""), (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "maint")));
    }

    [Fact]
    public async Task A_blocked_query_does_not_hold_up_the_end()
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev");
        await agent.ReadyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        await client.PutAsync("/v1/kv/a", new StringContent("1"));
        using var first = await client.GetAsync("/v1/kv/a");
        var blocked = client.GetAsync($"/v1/kv/a?index={first.Headers.GetValues("X-Consul-Index").First()}&wait=10m");
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
        await Task.WhenAny(blocked);
    }

    [Fact]
    public async Task Data_survives_a_kill_and_the_ports_are_free_at_once()
    {
        var ports = Conclave.Tests.FreePorts.Take(4);
        string[] arguments = ["agent", "-server", "-bootstrap", "-bind=127.0.0.1", "-data-dir=new/data", "-pid-file=new/pid", "-hcl", "performance { raft_multiplier = 1 }",
            $"-http-port={ports[0]}", $"-server-port={ports[1]}", $"-serf-lan-port={ports[2]}", $"-serf-wan-port={ports[3]}", "-dns-port=-1"];
        using (var agent = AgentProcess.Start(_folder.Path, ports[0], null, arguments))
        {
            await agent.ReadyAsync();
            Assert.Equal(agent.Id.ToString(), File.ReadAllText(Path.Combine(_folder.Path, "new/pid")));
            Assert.Equal(0, (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "kv", "put", "a", "kept")).Exit);
            agent.Signal(Kill);
            Assert.NotEqual(0, await agent.ExitAsync());
        }
        using (var agent = AgentProcess.Start(_folder.Path, ports[0], null, arguments))
        {
            await agent.ReadyAsync();
            Assert.Equal("kept\n", (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "kv", "get", "a")).Out);
            agent.Signal(Terminate);
            Assert.Equal(1, await agent.ExitAsync());
        }
        Assert.False(File.Exists(Path.Combine(_folder.Path, "new/pid")));
        Directory.Delete(Path.Combine(_folder.Path, "new"), recursive: true);
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line_and_exit_1()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var agent = AgentProcess.Start(_folder.Path, 0, null, ["agent", "-dev", $"-http-port={((IPEndPoint)taken.LocalEndpoint).Port}"]);
        Assert.Contains("agent: Error starting agent: error=", await agent.LineAsync("[ERROR]"));
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Fact]
    public async Task A_missing_folder_of_the_pid_file_fails_the_start()
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-pid-file=nowhere/pid");
        Assert.Contains("open nowhere/pid: no such file or directory", await agent.LineAsync("[ERROR]"));
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Fact]
    public async Task Output_that_nobody_reads_does_not_stop_the_server()
    {
        var ports = Conclave.Tests.FreePorts.Take(4);
        // The reader opens the pipe and never reads; each request below writes lines at level trace or debug.
        using var agent = AgentProcess.Start(_folder.Path, ports[0], start => start.FileName = "/bin/sh",
            ["-c", $"mkfifo full; sleep 600 < full > /dev/null 2>&1 & echo $! > reader; exec {AgentProcess.Program} agent -dev -log-level=trace -http-port={ports[0]} -server-port={ports[1]} -serf-lan-port={ports[2]} -serf-wan-port={ports[3]} > full"]);
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        while (!await AnswersAsync(client)) await Task.Yield();
        var name = new string('x', 4000);
        for (var i = 0; i < 100; i++)
        {
            using var answer = await client.PutAsync("/v1/agent/service/register", new StringContent($$"""{"Name":"s{{i}}-{{name}}"}"""));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
        using var kill = System.Diagnostics.Process.Start("/bin/kill", ["-9", File.ReadAllText(Path.Combine(_folder.Path, "reader")).Trim()]);
        await kill.WaitForExitAsync();
    }

    [Fact]
    public async Task Any_name_and_no_home_will_do()
    {
        var link = Path.Combine(_folder.Path, "consul");
        File.CreateSymbolicLink(link, AgentProcess.Program);
        var ports = Conclave.Tests.FreePorts.Take(4);
        using var agent = AgentProcess.Start(_folder.Path, ports[0], start =>
            {
                start.FileName = link;
                start.Environment.Clear();
                start.Environment["PATH"] = "/usr/bin:/bin";
            },
            ["agent", "-dev", $"-http-port={ports[0]}", $"-server-port={ports[1]}", $"-serf-lan-port={ports[2]}", $"-serf-wan-port={ports[3]}"]);
        await agent.ReadyAsync();
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Fact]
    public async Task Two_dev_agents_live_side_by_side()
    {
        using var one = AgentProcess.Start(_folder.Path, "-dev", "-node=one");
        using var two = AgentProcess.Start(_folder.Path, "-dev", "-node=two");
        await one.ReadyAsync();
        await two.ReadyAsync();
        Assert.Contains("one", (await CommandRunner.RunAsync(_folder.Path, one.Url, null, "catalog", "nodes")).Out);
        Assert.Contains("two", (await CommandRunner.RunAsync(_folder.Path, two.Url, null, "catalog", "nodes")).Out);
        Assert.Empty(one.Error + two.Error);
    }

    [Fact]
    public async Task The_banner_comes_first_and_the_lines_have_their_form()
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-node=n1");
        await agent.ReadyAsync();
        Assert.Equal("==> Starting Consul agent...", agent.Seen[0]);
        Assert.Contains("         Node name: 'n1'", agent.Seen);
        Assert.Contains("==> Log data will now stream in as it occurs:", agent.Seen);
        Assert.Contains(agent.Seen, line => line.EndsWith($"agent: Starting server: address=127.0.0.1:{agent.HttpPort} network=tcp protocol=http", StringComparison.Ordinal));
        Assert.Contains(agent.Seen, line => line.EndsWith("agent.server: New leader elected: payload=n1", StringComparison.Ordinal));
        Assert.All(agent.Seen.SkipWhile(line => !line.Contains("stream in", StringComparison.Ordinal)).Skip(1).Where(line => line.Length > 0),
            line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d) \[(TRACE|DEBUG|INFO|WARN|ERROR)\] {1,2}[a-zA-Z_.]+: ", line));
    }

    [Fact]
    public async Task Every_key_that_harnesses_write_is_accepted_in_one_file()
    {
        var ports = Conclave.Tests.FreePorts.Take(5);
        _folder.File("all.json", EveryKey.Json(ports));
        using var agent = AgentProcess.Start(_folder.Path, ports[0], null, ["agent", "-config-file", "all.json"]);
        await agent.ReadyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        while ((await client.GetStringAsync("/v1/agent/services")).Contains("\"web\"", StringComparison.Ordinal) is false) await Task.Yield();
        Assert.Contains("12345678-1234-4234-8234-123456789abc", await client.GetStringAsync("/v1/agent/self"));
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
        Assert.Empty(agent.Error);
    }

    [Fact]
    public async Task A_watch_of_the_configuration_runs_its_handler()
    {
        var seen = Path.Combine(_folder.Path, "seen");
        _folder.File("watch.json", $$"""{"watches":[{"type":"key","key":"a","args":["/bin/sh","-c","cat > {{seen}}.new && mv {{seen}}.new {{seen}}"]}]}""");
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-config-file=watch.json");
        await agent.ReadyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        await client.PutAsync("/v1/kv/a", new StringContent("value"));
        while (!File.Exists(seen) || !File.ReadAllText(seen).Contains("dmFsdWU=", StringComparison.Ordinal)) await Task.Yield();
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            return await client.GetStringAsync("/v1/status/leader") is { Length: > 4 };
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
