using System.Diagnostics;
using System.Text.Json.Nodes;
using Conclave.Tests.Network;

namespace Conclave.Cluster;

/// <summary>One server as an operator runs it: a process with a data folder and ports of its own, which it keeps over its restarts.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int OutputLinesShown = 40;

    private readonly string _folder;
    private readonly List<string> _output = [];
    private Process? _process;

    private readonly NetworkHost? _host;

    /// <param name="folder">Everything of its own.</param>
    /// <param name="name">Its name.</param>
    /// <param name="host">Where it runs; null for the loopback interface.</param>
    public ServerProcess(string folder, string name, NetworkHost? host = null)
    {
        (_folder, Name, _host) = (folder, name, host);
        Directory.CreateDirectory(folder);
        Ports = Tests.FreePorts.Take(4);
    }

    public string Name { get; }

    public int[] Ports { get; private set; }

    public string Http => $"http://{ControlAddress}:{Ports[0]}";

    public string RaftAddress => $"{Address}:{Ports[1]}";

    public string GossipAddress => $"{Address}:{Ports[2]}";

    private string Address => _host?.Address ?? "127.0.0.1";

    private string ControlAddress => _host?.ControlAddress ?? "127.0.0.1";

    public string DataFolder => Path.Combine(_folder, "data");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Settings beyond the usual ones, applied at each start.</summary>
    public Action<JsonObject>? Configure { get; set; }

    /// <summary>Who it is; empty before its first start has got that far.</summary>
    public string NodeId => Path.Combine(DataFolder, "node-id") is var file && File.Exists(file) ? File.ReadAllText(file).Trim() : "";

    public string Output
    {
        get
        {
            lock (_output) return $"{Name}:\n{string.Join('\n', _output.TakeLast(OutputLinesShown))}\n";
        }
    }

    /// <summary>Whether it has written a line with this text, since its first start.</summary>
    public bool Said(string text)
    {
        lock (_output) return _output.Exists(line => line.Contains(text, StringComparison.Ordinal));
    }

    /// <summary>Gives it other ports from its next start on, as if it had moved to another host.</summary>
    public void Move() => Ports = Tests.FreePorts.Take(4);

    /// <summary>Starts it with what its data folder holds.</summary>
    public void Start(IEnumerable<string> join, int expect = 3)
    {
        var config = new JsonObject
        {
            ["server"] = true, ["node_name"] = Name, ["bind_addr"] = Address, ["advertise_addr"] = Address, ["client_addr"] = ControlAddress, ["data_dir"] = DataFolder,
            ["retry_join"] = new JsonArray([.. join.Select(static address => (JsonNode)address)]), ["retry_interval"] = "1s",
            ["ports"] = new JsonObject { ["http"] = Ports[0], ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = Ports[1], ["serf_lan"] = Ports[2], ["serf_wan"] = Ports[3] },
        };
        if (expect > 0) config["bootstrap_expect"] = expect;
        Configure?.Invoke(config);
        string file = Path.Combine(_folder, "config.json");
        File.WriteAllText(file, config.ToJsonString());
        _process = new Process { StartInfo = AtItsHost(Program("agent", "-config-file", file)) };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Ends it without a chance to say goodbye.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();                  // ends a paused one too
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Waits until it has ended by itself; gives its exit code.</summary>
    public async Task<int> EndedAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        await _process!.WaitForExitAsync(patience.Token);
        int code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    /// <summary>It gets no time and answers nobody, but its connections stay, until <see cref="Resume"/>.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>Ends a pause.</summary>
    public void Resume() => Signal("CONT");

    /// <summary>Runs a command of the program against this server, as an operator does.</summary>
    public async Task<(int Exit, string Out, string Error)> CommandAsync(params string[] arguments)
    {
        var start = Program(arguments);
        start.Environment["CONSUL_HTTP_ADDR"] = Http;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    public ValueTask DisposeAsync() => new(KillAsync());

    private ProcessStartInfo Program(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "conclave.dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    private ProcessStartInfo AtItsHost(ProcessStartInfo start)
    {
        if (_host is null) return start;
        var (program, first) = PacketNetwork.At(_host, start.FileName);
        start.FileName = program;
        for (int i = 0; i < first.Count; i++) start.ArgumentList.Insert(i, first[i]);
        return start;
    }

    /// <summary>Sends a signal, by its name without SIG.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Add(line);
    }
}
