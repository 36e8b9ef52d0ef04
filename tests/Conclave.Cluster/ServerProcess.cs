using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>One server as an operator runs it: a process with a data folder and ports of its own, which it keeps over its restarts.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int OutputLinesKept = 40;

    private readonly string _folder;
    private readonly Queue<string> _output = [];
    private Process? _process;

    public ServerProcess(string folder, string name)
    {
        (_folder, Name) = (folder, name);
        Directory.CreateDirectory(folder);
        // Held open together, so that the same port is not handed out twice.
        var listeners = Enumerable.Range(0, 4).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(static listener => listener.Start());
        Ports = [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(static listener => listener.Dispose());
    }

    public string Name { get; }

    public int[] Ports { get; }

    public string Http => $"http://127.0.0.1:{Ports[0]}";

    public string RaftAddress => $"127.0.0.1:{Ports[1]}";

    public string GossipAddress => $"127.0.0.1:{Ports[2]}";

    public string DataFolder => Path.Combine(_folder, "data");

    public bool IsRunning => _process is { HasExited: false };

    public string NodeId => File.ReadAllText(Path.Combine(DataFolder, "node-id")).Trim();

    public string Output
    {
        get
        {
            lock (_output) return $"{Name}:\n{string.Join('\n', _output)}\n";
        }
    }

    /// <summary>Starts it with what its data folder holds.</summary>
    public void Start(IEnumerable<string> join, int expect = 3)
    {
        var config = new JsonObject
        {
            ["server"] = true, ["node_name"] = Name, ["bind_addr"] = "127.0.0.1", ["advertise_addr"] = "127.0.0.1", ["data_dir"] = DataFolder,
            ["retry_join"] = new JsonArray([.. join.Select(static address => (JsonNode)address)]), ["retry_interval"] = "1s",
            ["ports"] = new JsonObject { ["http"] = Ports[0], ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = Ports[1], ["serf_lan"] = Ports[2], ["serf_wan"] = Ports[3] },
        };
        if (expect > 0) config["bootstrap_expect"] = expect;
        string file = Path.Combine(_folder, "config.json");
        File.WriteAllText(file, config.ToJsonString());
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "conclave.dll"), "agent", "-config-file", file]) start.ArgumentList.Add(argument);
        _process = new Process { StartInfo = start };
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
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task EndedAsync(CancellationToken stop)
    {
        await _process!.WaitForExitAsync(stop);
        _process.Dispose();
        _process = null;
    }

    public ValueTask DisposeAsync() => new(KillAsync());

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output)
        {
            if (_output.Count == OutputLinesKept) _output.Dequeue();
            _output.Enqueue(line);
        }
    }
}
