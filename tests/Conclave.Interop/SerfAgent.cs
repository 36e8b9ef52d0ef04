using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Conclave.Interop;

/// <summary>A real <c>serf agent</c> on the loopback interface, and the commands that talk to it.</summary>
internal sealed class SerfAgent : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly string _folder;
    private readonly int _rpcPort;

    private SerfAgent(string name, int port, int rpcPort, string folder, Process process)
    {
        (Name, Port, _rpcPort, _folder, _process) = (name, port, rpcPort, folder, process);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Lines of the agent's log.</summary>
    public IReadOnlyCollection<string> Log => _log;

    private string EventsFile => Path.Combine(_folder, "events");

    /// <summary>Starts an agent and waits until its commands are answered. Each user event becomes a line <c>NAME PAYLOAD</c> of <see cref="Events"/>; the query <c>who</c> is answered with its name.</summary>
    public static async Task<SerfAgent> StartAsync(string name, int port = 0, string profile = "local", params string[] arguments)
    {
        var ports = Tests.FreePorts.Take(2);
        if (port == 0) port = ports[0];
        string folder = Directory.CreateTempSubdirectory("conclave-serf").FullName;
        string onUser = $"user=printf '%s ' \"$SERF_USER_EVENT\" >> {folder}/events; cat >> {folder}/events; echo >> {folder}/events";
        var agent = new SerfAgent(name, port, ports[1], folder, Run(
        [
            "agent", $"-node={name}", $"-bind=127.0.0.1:{port}", $"-rpc-addr=127.0.0.1:{ports[1]}", $"-profile={profile}", "-log-level=debug",
            $"-event-handler={onUser}", "-event-handler=query:who=printf %s \"$SERF_SELF_NAME\"", .. arguments,
        ]));
        await Eventually.Become(() => agent.MembersAsync(), members => members.ContainsKey(name), $"serf agent {name} is up");
        return agent;
    }

    /// <summary>Status and tags of all members by name; empty while the agent does not answer.</summary>
    public async Task<SortedDictionary<string, SerfMember>> MembersAsync()
    {
        var members = new SortedDictionary<string, SerfMember>(StringComparer.Ordinal);
        var (code, output) = await CommandAsync("members", "-format=json");
        if (code != 0) return members;
        using var json = JsonDocument.Parse(output);
        foreach (var member in json.RootElement.GetProperty("members").EnumerateArray())
        {
            var tags = member.GetProperty("tags").EnumerateObject().ToDictionary(static tag => tag.Name, static tag => tag.Value.GetString()!);
            members[member.GetProperty("name").GetString()!] = new SerfMember(member.GetProperty("status").GetString()!, tags);
        }
        return members;
    }

    /// <summary>Waits until a member has a status here.</summary>
    public Task SeesAsync(string member, string status) =>
        Eventually.Become(MembersAsync, members => members.TryGetValue(member, out var seen) && seen.Status == status, $"{Name} sees {member} {status}");

    /// <summary>User events that were delivered here, in order.</summary>
    public string[] Events() => File.Exists(EventsFile) ? File.ReadAllLines(EventsFile).Where(static line => line.Length > 0).ToArray() : [];   // serf ends payloads with line breaks of its own

    public Task<string> JoinAsync(string address) => SucceedAsync("join", address);

    public Task<string> FireAsync(string name, string payload) => SucceedAsync("event", "-coalesce=false", name, payload);

    public Task<string> LeaveAsync() => SucceedAsync("leave");

    public Task<string> SetTagAsync(string name, string value) => SucceedAsync("tags", "-set", $"{name}={value}");

    /// <summary>Acks and answers to a query.</summary>
    public async Task<(string[] Acks, SortedDictionary<string, string> Responses)> QueryAsync(string name, string payload, int relayFactor = 0)
    {
        using var json = JsonDocument.Parse(await SucceedAsync("query", "-format=json", $"-relay-factor={relayFactor}", name, payload));
        var responses = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var response in json.RootElement.GetProperty("Responses").EnumerateObject()) responses[response.Name] = response.Value.GetString()!;
        var acks = json.RootElement.GetProperty("Acks").EnumerateArray().Select(static ack => ack.GetString()!).Order(StringComparer.Ordinal).ToArray();
        return (acks, responses);
    }

    /// <summary>A command that must succeed; returns what it printed.</summary>
    public async Task<string> SucceedAsync(string verb, params string[] arguments)
    {
        var (code, output) = await CommandAsync(verb, arguments);
        if (code != 0) Assert.Fail($"serf {verb} {string.Join(' ', arguments)} ended with {code}: {output}");
        return output;
    }

    public async Task<(int Code, string Output)> CommandAsync(string verb, params string[] arguments)
    {
        // Subverbs' flags stand before their arguments.
        using var command = Run([verb, $"-rpc-addr=127.0.0.1:{_rpcPort}", .. arguments]);
        var output = command.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await command.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string text = await output;
        await command.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (command.ExitCode, text + error);
    }

    /// <summary>Ends it without a word to anybody.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Process Run(string[] arguments)
    {
        var start = new ProcessStartInfo("serf", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException("The tests with other implementations need the program `serf` on the PATH (Debian: apt-get install serf).", missing);
        }
    }

    private void Keep(string? line)
    {
        if (line is not null) _log.Enqueue(line);
    }
}

/// <summary>A member as a serf agent shows it.</summary>
internal sealed record SerfMember(string Status, IReadOnlyDictionary<string, string> Tags);
