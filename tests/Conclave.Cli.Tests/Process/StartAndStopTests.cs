using System.Net;
using System.Net.Sockets;

namespace Conclave.Cli.Tests.Process;

/// <summary>Starts that cannot succeed end with one clear line, and each signal ends an agent in the way its configuration says.</summary>
public sealed class StartAndStopTests : IDisposable
{
    private const int Hangup = 1, Interrupt = 2, Quit = 3, Terminate = 15;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("-server=false", "-bootstrap-expect=3", "'bootstrap_expect > 0' requires 'server = true'")]
    [InlineData("-server", "-bootstrap-expect=-1", "bootstrap_expect cannot be -1. Must be greater than or equal to zero")]
    [InlineData("-bootstrap", "-server=false", "'bootstrap = true' requires 'server = true'")]
    [InlineData("-dev", "-bootstrap-expect=3", "'bootstrap_expect > 0' not allowed in dev mode")]
    [InlineData("-server", "-hcl=performance { raft_multiplier = 11 }", "performance.raft_multiplier cannot be 11. Must be between 1 and 10")]
    [InlineData("-server", "-raft-protocol=2", "raft_protocol version 2 is not supported by this version of Consul")]
    [InlineData("-server", "-retry-join=provider=aws tag_key=a secret_access_key=hidden", "retry_join: discovery of members by a provider is not supported: provider=aws. Give addresses or DNS names instead")]
    public async Task A_configuration_that_cannot_be_is_one_line_on_the_error_stream(string first, string second, string line)
    {
        using var agent = AgentProcess.Start(_folder.Path, "-data-dir=data", "-bind=127.0.0.1", first, second);
        Assert.Equal(1, await agent.ExitAsync());
        Assert.Equal($"==> {line}\n", agent.Error);
        Assert.Empty(agent.Seen);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "data")));
    }

    [Theory]
    [InlineData("-server-port")]
    [InlineData("-serf-lan-port")]
    [InlineData("-serf-wan-port")]
    [InlineData("-http-port")]
    public async Task A_port_in_use_is_named_in_one_line(string flag)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var agent = AgentProcess.Start(_folder.Path, "-server", "-bootstrap", "-bind=127.0.0.1", "-data-dir=data", $"{flag}={port}");
        string line = await agent.LineAsync("[ERROR]");
        Assert.Contains("agent: Error starting agent: error=", line);
        Assert.Contains($"{port}", line);
        Assert.Equal(1, await agent.ExitAsync());
        Assert.Single(agent.Seen, static seen => seen.Contains("[ERROR]", StringComparison.Ordinal));
        Directory.Delete(Path.Combine(_folder.Path, "data"), recursive: true);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made_fails_the_start()
    {
        _folder.File("file", "");
        using var agent = AgentProcess.Start(_folder.Path, "-server", "-bootstrap", "-bind=127.0.0.1", "-data-dir=file/data");
        Assert.Equal(1, await agent.ExitAsync());
        Assert.Contains("file/data", Assert.Single(agent.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task A_data_folder_in_use_fails_the_start()
    {
        string[] flags = ["-server", "-bootstrap", "-bind=127.0.0.1", "-data-dir=data"];
        using var first = AgentProcess.Start(_folder.Path, flags);
        await first.ReadyAsync();
        using var second = AgentProcess.Start(_folder.Path, flags);
        Assert.Contains("agent: Error starting agent: error=", await second.LineAsync("[ERROR]"));
        Assert.Equal(1, await second.ExitAsync());
        first.Signal(Interrupt);
        Assert.Equal(1, await first.ExitAsync());
    }

    [Fact]
    public async Task A_member_that_must_be_joined_and_does_not_answer_fails_the_start()
    {
        int nobody = Conclave.Tests.FreePorts.Take(1)[0];
        using var agent = AgentProcess.Start(_folder.Path, "-dev", $"-join=127.0.0.1:{nobody}");
        Assert.EndsWith($@"[ERROR] agent: 1 error occurred:\n\t* Failed to join 127.0.0.1:{nobody}: dial tcp 127.0.0.1:{nobody}: connect: connection refused", await agent.LineAsync("[ERROR]"));
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Fact]
    public async Task Attempts_to_join_end_the_agent_when_they_are_used_up()
    {
        int nobody = Conclave.Tests.FreePorts.Take(1)[0];
        using var agent = AgentProcess.Start(_folder.Path, "-dev", $"-retry-join=localhost:{nobody}", "-retry-interval=1ms", "-retry-max=2");
        Assert.EndsWith("agent: Retry join failed: error=\"agent: max join retry exhausted, exiting\"", await agent.LineAsync("[ERROR]"));
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Theory]
    [InlineData(Interrupt, 1)]
    [InlineData(Terminate, 1)]
    [InlineData(Quit, 2)]
    public async Task A_signal_ends_a_start_that_is_not_finished(int signal, int code)
    {
        // Takes the connection and says nothing: the join waits.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var agent = AgentProcess.Start(_folder.Path, "-dev", $"-join={silent.LocalEndpoint}");
        await agent.ConnectedAsync(silent);
        agent.Signal(signal);
        Assert.Equal(code, await agent.ExitAsync());
    }

    [Fact]
    public async Task A_hangup_does_not_end_a_start_that_is_not_finished()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var agent = AgentProcess.Start(_folder.Path, "-dev", $"-join={silent.LocalEndpoint}");
        await agent.ConnectedAsync(silent);
        agent.Signal(Hangup);
        // The lines of a start are shown when it has ended, here because nobody answers.
        Assert.EndsWith("[ERROR] agent: Caught: signal=hangup error=\"cannot reload before agent started\"", await agent.LineAsync("Caught: signal=hangup"));
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Theory]
    [InlineData(Interrupt, "leave_on_terminate = true")]
    [InlineData(Terminate, "skip_leave_on_interrupt = false")]
    public async Task The_setting_of_one_signal_is_nothing_to_the_other(int signal, string setting)
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-hcl", setting);
        await agent.ReadyAsync();
        agent.Signal(signal);
        await agent.LineAsync("agent: Graceful shutdown disabled. Exiting");
        Assert.Equal(1, await agent.ExitAsync());
    }

    [Theory]
    [InlineData(Interrupt, 1)]
    [InlineData(Terminate, 1)]
    [InlineData(Quit, 2)]
    public async Task Any_second_signal_ends_a_leave(int signal, int code)
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-hcl", "leave_on_terminate = true", "-hcl", "performance { leave_drain_time = \"10m\" }");
        await agent.ReadyAsync();
        agent.Signal(Terminate);
        await agent.LineAsync("agent.server: Waiting to drain RPC traffic");
        agent.Signal(signal);
        await agent.LineAsync("agent: Caught second signal, Exiting: signal=");
        Assert.Equal(code, await agent.ExitAsync());
    }

    [Fact]
    public async Task A_server_that_drains_refuses_what_needs_a_leader_and_answers_the_rest()
    {
        using var agent = AgentProcess.Start(_folder.Path, "-dev", "-hcl", "leave_on_terminate = true", "-hcl", "performance { leave_drain_time = \"10m\" }");
        await agent.ReadyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(agent.Url) };
        await client.PutAsync("/v1/kv/a", new StringContent("1"));
        agent.Signal(Terminate);
        await agent.LineAsync("agent.server: Waiting to drain RPC traffic");
        while ((await client.GetAsync("/v1/kv/a")).StatusCode == HttpStatusCode.OK) await Task.Delay(10);
        using var write = await client.PutAsync("/v1/kv/a", new StringContent("2"));
        Assert.Equal((HttpStatusCode.InternalServerError, "No cluster leader"), (write.StatusCode, await write.Content.ReadAsStringAsync()));
        Assert.Equal("1", await client.GetStringAsync("/v1/kv/a?raw&stale"));
        agent.Signal(Interrupt);
        Assert.Equal(1, await agent.ExitAsync());
    }
}
