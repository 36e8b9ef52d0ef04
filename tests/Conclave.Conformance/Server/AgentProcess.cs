using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace Conclave.Conformance.Server;

/// <summary>The real program, started as a process of its own on free ports of the loopback interface.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private const int OutputLinesKept = 60;

    private readonly Process _process;
    private readonly string _folder;
    private readonly Queue<string> _output = [];
    private readonly CancellationTokenSource _ended = new();

    private AgentProcess(Process process, string folder, IPEndPoint http)
    {
        _process = process;
        _folder = folder;
        Http = http;
    }

    public IPEndPoint Http { get; }

    public int ProcessId => _process.Id;

    /// <summary>Cancelled when the process ends by itself.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>The last lines that the program wrote, for failure messages.</summary>
    public string Output
    {
        get
        {
            lock (_output) return string.Join('\n', _output);
        }
    }

    /// <summary>Starts <c>conclave agent</c>.</summary>
    /// <param name="configuration">Keys to add to the configuration; the ports are chosen here.</param>
    /// <param name="arguments">Further arguments, such as <c>-dev</c>.</param>
    /// <param name="ports">Ports of an earlier start, to come back under the same address; null for free ones.</param>
    public static AgentProcess Start(JsonObject configuration, string[] arguments, AgentPorts? ports = null)
    {
        ports ??= AgentPorts.Free();
        var folder = Directory.CreateTempSubdirectory("conclave-conformance-").FullName;
        var file = Path.Combine(folder, "config.json");
        var full = (JsonObject)configuration.DeepClone();
        full["ports"] = ports.ToJson();
        File.WriteAllText(file, full.ToJsonString());

        var (program, first) = Program;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in (string[])[.. first, "agent", "-config-file", file, .. arguments]) start.ArgumentList.Add(argument);
        var agent = new AgentProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, folder, new IPEndPoint(IPAddress.Loopback, ports.Http));
        agent.Begin();
        return agent;
    }

    /// <summary>The program as it was built beside the tests, or another one (a published file, say) that <c>CONCLAVE_PROGRAM</c> names.</summary>
    private static (string Program, string[] First) Program =>
        Environment.GetEnvironmentVariable("CONCLAVE_PROGRAM") is { Length: > 0 } program
            ? (program, [])
            : (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "conclave.dll")]);

    private void Begin()
    {
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Exited += (_, _) => _ended.Cancel();
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output)
        {
            if (_output.Count == OutputLinesKept) _output.Dequeue();
            _output.Enqueue(line);
        }
    }

    /// <summary>Ends the process the hard way, as a power cut would, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        _ended.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
