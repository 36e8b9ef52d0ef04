using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conclave.Cli.Tests.Process;

/// <summary>Three agents as processes of their own in one gossip pool, looked at and acted on with the verbs of the command line.</summary>
public sealed class GossipTests : IDisposable
{
    private const int Kill = 9;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly List<AgentProcess> _agents = [];

    public void Dispose()
    {
        foreach (var agent in _agents) agent.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Joined_agents_list_each_other_in_both_pools()
    {
        await StartAsync(3);
        await JoinAllAsync();
        foreach (var agent in _agents)
        {
            await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "alive"));
            var wan = await UntilAsync(agent, ["members", "-wan"], static text => Times(text, "alive") == 3);
            foreach (int number in (int[])[1, 2, 3]) Assert.Matches($"(?m)^s{number}\\.dc1 +127\\.0\\.0\\.1:\\d+ +alive +server +1\\.10\\.\\d+ +2 +dc1 +<all>$", wan.Out);
        }
        var plain = await RunAsync(_agents[1], "members");
        Assert.Matches("^Node  Address +Status  Type    Build    Protocol  DC   Segment\n(s\\d    127\\.0\\.0\\.1:\\d+ +alive   server  1\\.10\\.\\d+  2         dc1  <all>\n){3}$", plain.Out);
        var detailed = await RunAsync(_agents[2], "members", "-detailed");
        Assert.Matches($"(?m)^s1 +127\\.0\\.0\\.1:{_agents[0].LanPort} +alive +acls=0,bootstrap=1,build=.*,dc=dc1,ft_fs=1,ft_si=1,id=[-0-9a-f]{{36}},port=\\d+,raft_vsn=3,role=consul,segment=<all>,vsn=2,vsn_max=3,vsn_min=2,wan_join_port=\\d+$", detailed.Out);
        Assert.Contains("members = 3\n", (await RunAsync(_agents[0], "info")).Out);
    }

    [Fact]
    public async Task A_join_says_whom_it_did_not_reach()
    {
        await StartAsync(2);
        int nobody = Conclave.Tests.FreePorts.Take(1)[0];
        string error = $"Error joining address '127.0.0.1:{nobody}': Unexpected response code: 500 (1 error occurred:\n\t* Failed to join 127.0.0.1:{nobody}: dial tcp 127.0.0.1:{nobody}: connect: connection refused\n\n)\n";
        Assert.Equal(new CommandResult(1, "", error + "Failed to join any nodes.\n"), await RunAsync(_agents[0], "join", $"127.0.0.1:{nobody}"));
        Assert.Equal(new CommandResult(0, "Successfully joined cluster by contacting 1 nodes.\n", error), await RunAsync(_agents[0], "join", $"127.0.0.1:{_agents[1].LanPort}", $"127.0.0.1:{nobody}"));
    }

    [Fact]
    public async Task An_event_is_listed_once_by_every_agent_that_it_concerns()
    {
        await StartAsync(3);
        await JoinAllAsync();
        foreach (var agent in _agents) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "alive"));
        string seen = Path.Combine(_folder.Path, "seen");
        using var stop = new CancellationTokenSource();
        var watch = WatchAsync(_agents[0], seen, stop.Token);

        Assert.Matches("^Event ID: [-0-9a-f]{36}\n$", (await RunAsync(_agents[1], "event", "-name=deploy", "payload")).Out);
        Assert.Equal(0, (await RunAsync(_agents[2], "event", "-name=deploy", "-node=s[12]", "second")).Exit);
        foreach (int number in (int[])[0, 1]) await UntilAsync(_agents[number], ["watch", "-type=event", "-name=deploy"], static text => Times(text, "\"ID\"") == 2);
        await RunAsync(_agents[0], "event", "-name=last");
        foreach (var agent in _agents) await UntilAsync(agent, ["watch", "-type=event", "-name=last"], static text => Times(text, "\"ID\"") == 1);

        foreach (int number in (int[])[0, 1, 2])
        {
            using var json = JsonDocument.Parse((await RunAsync(_agents[number], "watch", "-type=event", "-name=deploy")).Out);
            var payloads = json.RootElement.EnumerateArray().Select(static item => Convert.FromBase64String(item.GetProperty("Payload").GetString()!)).Select(System.Text.Encoding.UTF8.GetString).Order(StringComparer.Ordinal);
            Assert.Equal(number == 2 ? ["payload"] : ["payload", "second"], payloads);
            Assert.All(json.RootElement.EnumerateArray(), static item => Assert.True(item.GetProperty("LTime").GetInt64() > 0));
        }
        while (!File.Exists(seen) || Times(await File.ReadAllTextAsync(seen), "\"ID\"") < 3) await Task.Delay(20, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Task.WhenAny(watch);
        Assert.Equal(3, Times(await File.ReadAllTextAsync(seen), "\"ID\""));
    }

    [Fact]
    public async Task A_killed_agent_fails_and_is_forced_out()
    {
        await StartAsync(3);
        await JoinAllAsync();
        foreach (var agent in _agents) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "alive"));
        _agents[2].Signal(Kill);
        foreach (var agent in _agents.Take(2)) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "failed"));
        Assert.Matches("^Node .*\ns3 .* failed .*\n$", (await RunAsync(_agents[0], "members", "-status=failed")).Out);

        Assert.Equal(new CommandResult(0, "", ""), await RunAsync(_agents[0], "force-leave", "s3"));
        foreach (var agent in _agents.Take(2))
        {
            await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "left"));
            await UntilAsync(agent, ["members", "-wan", "-status=left"], static text => text.Contains("s3.dc1", StringComparison.Ordinal));
        }
        Assert.Equal(new CommandResult(0, "", ""), await RunAsync(_agents[1], "force-leave", "-prune", "s3"));
        foreach (var agent in _agents.Take(2)) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"));
        Assert.Equal(new CommandResult(1, "", "Error force leaving: Unexpected response code: 500 (agent: No node found with name 's3')\n"), await RunAsync(_agents[0], "force-leave", "s3"));

        Assert.Equal(new CommandResult(0, "", ""), await RunAsync(_agents[0], "force-leave", "s1"));
        foreach (var agent in _agents.Take(2)) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"));
    }

    [Fact]
    public async Task An_agent_that_leaves_has_left_and_never_failed()
    {
        await StartAsync(3);
        await JoinAllAsync();
        foreach (var agent in _agents) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "alive"));
        Assert.Equal(new CommandResult(0, "Graceful leave complete\n", ""), await RunAsync(_agents[1], "leave"));
        Assert.Equal(0, await _agents[1].ExitAsync());
        foreach (int number in (int[])[0, 2])
        {
            await UntilStatusAsync(_agents[number], ("s1", "alive"), ("s2", "left"), ("s3", "alive"));
            Assert.DoesNotContain(_agents[number].SeenSoFar(), static line => line.Contains("EventMemberFailed", StringComparison.Ordinal));
            Assert.Contains(_agents[number].SeenSoFar(), static line => line.Contains("EventMemberLeave", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Keys_are_rotated_in_all_pools_while_gossip_goes_on()
    {
        const string first = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=", second = "HS5lJ+XuTlYKWaeGYyG+/A==";
        await StartAsync(3, "-encrypt", first);
        await JoinAllAsync();
        foreach (var agent in _agents)
        {
            await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "alive"));
            await UntilAsync(agent, ["members", "-wan"], static text => Times(text, "alive") == 3);
        }
        Assert.Equal(Listed($"  {first} [3/3]\n"), await RunAsync(_agents[0], "keyring", "-list"));
        Assert.Equal(new CommandResult(0, "==> Installing new gossip encryption key...\n", ""), await RunAsync(_agents[0], "keyring", $"-install={second}"));
        Assert.Equal(new CommandResult(0, "==> Changing primary gossip encryption key...\n", ""), await RunAsync(_agents[1], "keyring", $"-use={second}", "-relay-factor=1"));
        Assert.Equal(Listed($"  {second} [3/3]\n", "primary "), await RunAsync(_agents[2], "keyring", "-list-primary"));
        var refused = await RunAsync(_agents[0], "keyring", $"-remove={second}");
        Assert.Equal((1, "==> Removing gossip encryption key...\n"), (refused.Exit, refused.Out));
        Assert.Contains("Removing the primary key is not allowed", refused.Error);
        Assert.Equal(new CommandResult(0, "==> Removing gossip encryption key...\n", ""), await RunAsync(_agents[2], "keyring", $"-remove={first}"));
        Assert.Equal(Listed($"  {second} [3/3]\n"), await RunAsync(_agents[1], "keyring", "-list"));
        foreach (var agent in _agents) await UntilStatusAsync(agent, ("s1", "alive"), ("s2", "alive"), ("s3", "alive"));
    }

    [Fact]
    public async Task Servers_that_found_each_other_are_one_cluster_and_know_their_distances()
    {
        for (int number = 1; number <= 3; number++)
        {
            string[] join = number == 1 ? [] : [$"-retry-join=127.0.0.1:{_agents[0].LanPort}"];
            _agents.Add(AgentProcess.Start(_folder.Path, ["-server", "-bootstrap-expect=3", "-bind=127.0.0.1", $"-node=s{number}", $"-data-dir=data{number}", "-hcl", "retry_interval = \"1s\"", .. join]));
        }
        foreach (var agent in _agents)
        {
            var peers = await UntilAsync(agent, ["operator", "raft", "list-peers"], static text => Times(text, "follower") == 2 && Times(text, "leader") == 1);
            foreach (int number in (int[])[1, 2, 3]) Assert.Matches($"(?m)^s{number} +[-0-9a-f]{{36}} +127\\.0\\.0\\.1:\\d+ +(leader|follower) +true +3$", peers.Out);
            // Each server's coordinate comes with a round of its own.
            await UntilAsync(agent, ["rtt", "s1", "s2"], static text => Regex.IsMatch(text, "^Estimated s1 <-> s2 rtt: [0-9.]+ ms \\(using LAN coordinates\\)\n$"));
            await UntilAsync(agent, ["rtt", "-wan", "s1.dc1", "s3.dc1"], static text => Regex.IsMatch(text, "^Estimated s1.dc1 <-> s3.dc1 rtt: [0-9.]+ ms \\(using WAN coordinates\\)\n$"));
        }
        Assert.Equal(0, (await RunAsync(_agents[1], "kv", "put", "from", "s2")).Exit);
        await UntilAsync(_agents[2], ["kv", "get", "from"], static text => text == "s2\n");
        // Only the leader knows, and it may be another one by now.
        using var patience = new CancellationTokenSource(Patience);
        for (int number = 0; !(await RunAsync(_agents[number % 3], "operator", "autopilot", "state")).Out.StartsWith("Healthy:                      true\nFailure Tolerance:            1\n", StringComparison.Ordinal); number++)
            await Task.Delay(20, patience.Token);
    }

    [Fact]
    public async Task Without_encryption_there_are_no_keys()
    {
        await StartAsync(1);
        var listed = await RunAsync(_agents[0], "keyring", "-list");
        Assert.Equal(
            new CommandResult(1, "==> Gathering installed encryption keys...\n", "error: Unexpected response code: 500 (4 errors occurred:\n\t* WAN error: 1/1 nodes reported failure\n\t* s1.dc1: Keyring is empty (encryption not enabled)\n"
                + "\t* dc1 (LAN) error: 1/1 nodes reported failure\n\t* s1: Keyring is empty (encryption not enabled)\n\n)\n"),
            listed);
    }

    private static CommandResult Listed(string keys, string what = "") => new(0, $"==> Gathering installed {what}encryption keys...\n\nWAN:\n{keys}\ndc1 (LAN):\n{keys}", "");

    private static int Times(string text, string part) => text.Split(part).Length - 1;

    private async Task StartAsync(int count, params string[] more)
    {
        for (int number = 1; number <= count; number++)
            _agents.Add(AgentProcess.Start(_folder.Path, ["-dev", $"-node=s{number}", "-hcl", "performance { leave_drain_time = \"10ms\" }", .. more]));
        foreach (var agent in _agents) await agent.ReadyAsync();
    }

    private async Task JoinAllAsync()
    {
        Assert.Equal(
            new CommandResult(0, $"Successfully joined cluster by contacting {_agents.Count - 1} nodes.\n", ""),
            await RunAsync(_agents[0], ["join", .. _agents.Skip(1).Select(static agent => $"127.0.0.1:{agent.LanPort}")]));
    }

    private Task<CommandResult> RunAsync(AgentProcess agent, params string[] arguments) => CommandRunner.RunAsync(_folder.Path, agent.Url, null, arguments);

    private Task UntilStatusAsync(AgentProcess agent, params (string Name, string Status)[] wanted) => UntilAsync(agent, ["members"], text =>
    {
        var shown = Regex.Matches(text, "(?m)^(s\\d) +[0-9.:]+ +(\\w+) ").Select(static row => (row.Groups[1].Value, row.Groups[2].Value));
        return shown.SequenceEqual(wanted);
    });

    private async Task<CommandResult> UntilAsync(AgentProcess agent, string[] arguments, Predicate<string> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var result = await RunAsync(agent, arguments);
            if (holds(result.Out)) return result;
            Assert.False(patience.IsCancellationRequested, $"{string.Join(' ', arguments)} still shows\n{result.Out}{result.Error}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static Task<int> WatchAsync(AgentProcess agent, string into, CancellationToken stop) => Task.Run(() => CommandLine.RunAsync(
        ["watch", "-type=event", $"cat >> {into}"],
        new CommandIo { OpenInput = () => Stream.Null, Out = TextWriter.Null, Error = TextWriter.Null, Variable = name => name == "CONSUL_HTTP_ADDR" ? agent.Url : null },
        stop), CancellationToken.None);
}
