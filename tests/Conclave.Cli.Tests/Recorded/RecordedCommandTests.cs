using System.Globalization;
using System.Text.Json;

namespace Conclave.Cli.Tests.Recorded;

/// <summary>Commands against a live agent, in the order of the recordings, compared with what the real program printed.</summary>
public sealed class RecordedCommandTests : IAsyncLifetime, IDisposable
{
    private const string RecordedSession = "51d4e8c1-294e-9eea-9d10-2e0fb9c19264";

    private readonly LiveAgent _agent = new();
    private readonly TemporaryFolder _folder = new();

    public ValueTask InitializeAsync() => _agent.InitializeAsync();

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kv_verbs_answer_as_recorded()
    {
        _folder.File("v.txt", "file value\n");
        var session = await CreateSessionAsync();
        await PlayAsync("kv", _ => true, async argument =>
            argument.StartsWith("-modify-index=", StringComparison.Ordinal) && argument != "-modify-index=1" && argument != "-modify-index=0" ? $"-modify-index={await IndexAsync("app/name")}"
            : argument.Replace(RecordedSession, session, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("usage-errors")]
    [InlineData("lock")]
    [InlineData("monitor")]
    [InlineData("debug")]
    [InlineData("reload")]
    [InlineData("event")]
    [InlineData("maint")]
    [InlineData("force-leave")]
    public Task Verbs_answer_as_recorded(string file) => PlayAsync(file, _ => true);

    [Fact]
    public async Task Service_verbs_answer_as_recorded()
    {
        _folder.File("svc.json", """{"service":{"name":"db","port":5432,"check":{"ttl":"30s"}}}""");
        await PlayAsync("services", _ => true);
    }

    [Fact]
    public async Task Catalog_verbs_answer_as_recorded()
    {
        _folder.File("db.json", """{"service":{"name":"db","port":5432}}""");
        await RunAsync("services", "register", "-name=web", "-tag=b", "-tag=a");
        await RunAsync("services", "register", "db.json");
        var node = (await RunAsync("catalog", "nodes")).Out;
        Assert.Matches("^Node  ID        Address    DC\nc4    [0-9a-f]{8}  127.0.0.1  dc1\n$", node);
        Assert.Equal("consul\ndb\nweb\n", (await RunAsync("catalog", "services")).Out);
        Assert.Equal("consul      \ndb          \nweb         a,b\n", (await RunAsync("catalog", "services", "-tags")).Out);
        Assert.Equal("dc1\n", (await RunAsync("catalog", "datacenters")).Out);
        // The recorded cluster has four nodes; the errors and empty results do not depend on that.
        await PlayAsync("catalog", recorded => recorded.Error.Length > 0);
    }

    // The other recordings are of agents that execute what others send; ours do not.
    [Fact]
    public async Task Remote_execution_is_refused_and_its_errors_answer_as_recorded()
    {
        await PlayAsync("exec", recorded => recorded.Error.Length > 0);
        Assert.Equal(new CommandResult(1, "", "Remote execution is refused: the agents of this cluster have it switched off (disable_remote_exec)\n"), await RunAsync("exec", "-wait=1s", "-node=c4", "echo", "hi"));
    }

    [Theory]
    [InlineData("node")]
    [InlineData("service")]
    public async Task A_filter_of_an_event_that_is_no_pattern_is_refused(string filter) =>
        Assert.Equal(new CommandResult(1, "", $"Failed to compile {filter} filter regexp: error parsing regexp: missing closing ): `(`\n"), await RunAsync("event", "-name=x", $"-{filter}=("));

    [Fact]
    public Task Errors_of_members_answer_as_recorded() => PlayAsync("members", recorded => recorded.Exit != 0);

    // The other recordings are of a client agent, and of chance.
    [Fact]
    public Task The_keyring_verb_explains_itself_as_recorded() => PlayAsync("keys", recorded => recorded.Usage is not null);

    [Fact]
    public Task Autopilot_is_shown_and_changed_as_recorded() =>
        PlayAsync("operator", recorded => recorded.Arguments is ["operator", "autopilot"] or [_, _, "get-config" or "set-config", ..] || recorded.Exit != 0);

    [Fact]
    public async Task The_recorded_state_of_the_servers_is_shown_as_recorded()
    {
        var recordings = RecordedCommand.Read("lifecycle").Where(static recorded => recorded.Arguments is ["operator", "autopilot", "state", ..]).ToList();
        var answer = recordings.Single(static recorded => recorded.Arguments.Contains("-format=json")).Out;
        using var agent = new CannedAgent(_ => (200, answer));
        Assert.Equal(2, recordings.Count);
        foreach (var recorded in recordings)
            Assert.Equal(new CommandResult(0, recorded.Out, ""), await CommandRunner.RunAsync(_folder.Path, agent.Address, null, recorded.Arguments));
    }

    [Fact]
    public Task An_unknown_node_has_no_round_trip_time() => PlayAsync("rtt", recorded => recorded.Exit != 0);

    [Fact]
    public async Task Watches_print_what_handlers_get()
    {
        await RunAsync("event", "-name=deploy", "payload");
        await PlayAsync("watch", recorded => recorded.Usage is not null || recorded.Arguments.Any(argument => argument is "-type=key" or "-type=services" or "-name=deploy"));
        var instances = (await RunAsync("watch", "-type=service", "-service=consul")).Out;
        var recorded = RecordedCommand.Read("watch").Single(row => row.Arguments.Contains("-type=service"));
        Assert.Equal(Shape(recorded.Out), Shape(instances));
        Assert.Equal(Shape(RecordedCommand.Read("watch").Single(row => row.Arguments.Contains("-type=checks")).Out), Shape((await RunAsync("watch", "-type=checks", "-state=passing")).Out));
    }

    [Fact]
    public async Task A_watch_runs_its_handler_with_the_view_on_its_input()
    {
        await RunAsync("kv", "put", "watched", "one");
        var seen = Path.Combine(_folder.Path, "seen");
        using var stop = new CancellationTokenSource();
        var watch = Task.Run(() => CommandLine.RunAsync(
            ["watch", "-type=key", "-key=watched", $"cat >> {seen}.tmp && mv {seen}.tmp {seen}.$CONSUL_INDEX"],
            new CommandIo { OpenInput = () => Stream.Null, Out = TextWriter.Null, Error = TextWriter.Null, Variable = name => name == "CONSUL_HTTP_ADDR" ? _agent.Address : null },
            stop.Token));
        while (Directory.GetFiles(_folder.Path, "seen.[0-9]*").Length == 0 && Directory.GetFiles(_folder.Path).All(file => file.EndsWith(".tmp", StringComparison.Ordinal))) await Task.Yield();
        await stop.CancelAsync();
        await Task.WhenAny(watch);
        var text = await File.ReadAllTextAsync(Directory.GetFiles(_folder.Path).First(file => !file.EndsWith(".tmp", StringComparison.Ordinal)));
        Assert.Contains("\"Key\":\"watched\"", text);
    }

    [Fact]
    public async Task No_agent_is_reported_as_the_real_program_reports_it()
    {
        var port = Conclave.Tests.FreePorts.Take(1)[0];
        var result = await CommandRunner.RunAsync(_folder.Path, $"127.0.0.1:{port}", null, "leave");
        Assert.Equal(new CommandResult(1, "", $"Error leaving: Put \"http://127.0.0.1:{port}/v1/agent/leave\": dial tcp 127.0.0.1:{port}: connect: connection refused\n"), result);
    }

    [Fact]
    public async Task Export_and_import_are_each_others_inverse()
    {
        await RunAsync("kv", "put", "-flags=7", "exp/a<b>", "x\ny");
        await RunAsync("kv", "put", "exp/b");
        var exported = (await RunAsync("kv", "export", "exp/")).Out;
        await RunAsync("kv", "delete", "-recurse", "exp/");
        Assert.Equal("Imported: exp/a<b>\nImported: exp/b\n", (await RunAsync("kv", "import", exported)).Out);
        Assert.Equal(exported, (await RunAsync("kv", "export", "exp/")).Out);
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandRunner.RunAsync(_folder.Path, _agent.Address, null, arguments);

    private async Task PlayAsync(string file, Func<RecordedCommand, bool> wanted, Func<string, Task<string>>? translate = null)
    {
        var (differences, played) = (new List<string>(), 0);
        foreach (var recorded in RecordedCommand.Read(file).Where(wanted))
        {
            var arguments = new List<string>();
            foreach (var argument in recorded.Arguments) arguments.Add(translate is null ? argument : await translate(argument));
            var result = await CommandRunner.RunAsync(_folder.Path, _agent.Address, recorded.Input, [.. arguments]);
            if (Comparison.Difference(recorded, result) is { } difference) differences.Add(difference);
            played++;
        }
        Assert.True(played > 0);
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    private async Task<string> CreateSessionAsync()
    {
        using var client = new HttpClient();
        var answer = await client.PutAsync($"http://{_agent.Address}/v1/session/create", new StringContent("{}"));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("ID").GetString()!;
    }

    private async Task<string> IndexAsync(string key)
    {
        using var client = new HttpClient();
        using var json = JsonDocument.Parse(await client.GetStringAsync($"http://{_agent.Address}/v1/kv/{key}"));
        return json.RootElement[0].GetProperty("ModifyIndex").GetUInt64().ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The field names of the first item with their depth: the form without the values.</summary>
    private static string Shape(string text)
    {
        var lines = text.Split('\n').TakeWhile(line => line != "    },").Where(line => line.Contains("\": ", StringComparison.Ordinal));
        return string.Join('\n', lines.Select(line => line[..(line.IndexOf("\": ", StringComparison.Ordinal) + 2)]));
    }
}
