namespace Conclave.Cli.Tests.Process;

/// <summary>An operator gives a stopped server a new list of servers.</summary>
public sealed class OutageRecoveryTests : IDisposable
{
    private const int Kill = 9, Terminate = 15;

    private readonly TemporaryFolder _folder = new();
    private readonly int[] _ports = Conclave.Tests.FreePorts.Take(4);

    private string List => Path.Combine(_folder.Path, "data/raft/peers.json");

    private string Note => Path.Combine(_folder.Path, "data/raft/peers.info");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_hand_written_list_of_either_form_gives_a_server_its_new_configuration()
    {
        using (var agent = Start())
        {
            await agent.ReadyAsync();
            for (int i = 0; i < 20; i++) Assert.Equal(0, (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "kv", "put", $"key/{i}", $"value {i}")).Exit);
            agent.Signal(Kill);
            await agent.ExitAsync();
        }
        Assert.Contains("peers.json", File.ReadAllText(Note));
        if (!OperatingSystem.IsWindows()) Assert.Equal(0b111_101_101, (int)File.GetUnixFileMode(Note));
        string id = File.ReadAllText(Path.Combine(_folder.Path, "data/node-id")).Trim();
        string address = $"127.0.0.1:{_ports[1]}";

        File.WriteAllText(List, $$"""[ { "id": "{{id}}", "address": "{{address}}" }, { "id": "other", "address": "127.0.0.1:1", "non_voter": true, "comment": "none" } ]""");
        await RecoverAsync((id, address, "true"), ("other", "127.0.0.1:1", "false"));

        File.WriteAllText(List, $"[\"{address}\"]\n");
        await RecoverAsync((id, address, "true"));
    }

    [Fact]
    public async Task A_list_that_cannot_be_carried_out_ends_the_start_and_stays()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(List)!);
        File.WriteAllText(Note, "read");
        File.WriteAllText(List, "[");
        await RefuseAsync("recovery failed to parse peers.json: unexpected EOF");
        File.WriteAllText(List, "[\"127.0.0.1:8300\"]");
        await RefuseAsync("recovery failed: refused to recover cluster with no initial state, this is probably an operator error");

        File.Delete(Note);
        using var agent = Start();
        await agent.LineAsync("deleted peers.json file (see peers.info for details)");
        await agent.ReadyAsync();
        Assert.False(File.Exists(List));
        Assert.True(File.Exists(Note));
    }

    private async Task RecoverAsync(params (string Id, string Address, string Voter)[] servers)
    {
        using var agent = Start();
        await agent.LineAsync("found peers.json file, recovering Raft configuration...");
        await agent.LineAsync("deleted peers.json file after successful recovery");
        await agent.ReadyAsync();
        Assert.False(File.Exists(List));
        for (int i = 0; i < 20; i++) Assert.Equal($"value {i}\n", (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "kv", "get", $"key/{i}")).Out);

        string[] rows = (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "operator", "raft", "list-peers")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1 + servers.Length, rows.Length);
        for (int i = 0; i < servers.Length; i++)
        {
            Assert.Contains(servers[i].Id, rows[i + 1]);
            Assert.Contains($" {servers[i].Address} ", rows[i + 1]);
            Assert.Contains($" {servers[i].Voter} ", rows[i + 1]);
        }
        Assert.Contains(" leader ", rows[1]);
        Assert.Equal(0, (await CommandRunner.RunAsync(_folder.Path, agent.Url, null, "kv", "put", "after", "x")).Exit);
        agent.Signal(Terminate);
        await agent.ExitAsync();
    }

    private async Task RefuseAsync(string reason)
    {
        string before = File.ReadAllText(List);
        using var agent = Start();
        string line = await agent.LineAsync("Error starting agent");
        Assert.Contains($"Failed to start Raft: {reason}", line);
        Assert.Equal(1, await agent.ExitAsync());
        Assert.Equal(before, File.ReadAllText(List));
    }

    private AgentProcess Start() => AgentProcess.Start(_folder.Path, _ports[0], null,
        ["agent", "-server", "-bootstrap", "-bind=127.0.0.1", "-data-dir=data", "-hcl", "performance { raft_multiplier = 1 }",
            $"-http-port={_ports[0]}", $"-server-port={_ports[1]}", $"-serf-lan-port={_ports[2]}", $"-serf-wan-port={_ports[3]}", "-dns-port=-1"]);
}
