using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Conclave.Interop;

/// <summary>The program <c>conclave agent</c> as a process of its own on the loopback interface.</summary>
internal sealed class ConclaveAgent : IAsyncDisposable
{
    private static readonly HttpClient Client = new();

    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-agent").FullName;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly int _httpPort;

    private ConclaveAgent(string name, int[] ports, string[] arguments)
    {
        (Name, _httpPort, LanPort) = (name, ports[0], ports[1]);
        _process = Run(
        [
            "agent", $"-node={name}", $"-data-dir={_folder}", "-bind=127.0.0.1", $"-http-port={ports[0]}", $"-serf-lan-port={ports[1]}", $"-serf-wan-port={ports[2]}", $"-server-port={ports[3]}",
            "-dns-port=-1", .. arguments,
        ]);
        _process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int LanPort { get; }

    public string Lan => $"127.0.0.1:{LanPort}";

    /// <summary>Starts an agent and waits until it answers.</summary>
    public static async Task<ConclaveAgent> StartAsync(string name, params string[] arguments)
    {
        var agent = new ConclaveAgent(name, Tests.FreePorts.Take(4), arguments);
        await Eventually.Become(agent.MembersAsync, members => members.Contains($"{name}=alive", StringComparison.Ordinal), $"conclave agent {name} is up");
        return agent;
    }

    /// <summary>Members and their statuses, <c>a=alive b=failed</c>; empty while the agent does not answer.</summary>
    public async Task<string> MembersAsync()
    {
        try
        {
            var members = await Client.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{_httpPort}/v1/agent/members", TestContext.Current.CancellationToken);
            return string.Join(' ', members.EnumerateArray().Select(static member => $"{member.GetProperty("Name").GetString()}={StatusOf(member.GetProperty("Status").GetInt32())}").Order(StringComparer.Ordinal));
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    public Task SeesAsync(string members) => Eventually.Become(MembersAsync, seen => seen == members, $"{Name} sees {members}");

    /// <summary>A command that must succeed; returns what it printed.</summary>
    public async Task<string> SucceedAsync(params string[] command)
    {
        using var process = Run([.. command[..1], $"-http-addr=127.0.0.1:{_httpPort}", .. command[1..]]);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (process.ExitCode != 0) Assert.Fail($"conclave {string.Join(' ', command)} ended with {process.ExitCode}: {output}{await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
        return output;
    }

    /// <summary>Waits for the process to end by itself; its code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
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
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "conclave"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("CONSUL_HTTP_ADDR");
        return Process.Start(start)!;
    }

    private static string StatusOf(int status) => status switch { 1 => "alive", 2 => "leaving", 3 => "left", 4 => "failed", _ => "none" };
}
