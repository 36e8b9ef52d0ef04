using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Conclave.Load.Net;
using Conclave.Tests.Network;

namespace Conclave.Load.Server;

/// <summary>A server under load: a process of its own, on free ports of the loopback interface.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly long _startedAt;
    private readonly Queue<string> _output = [];

    private ServerProcess(Process process, int port, string folder, IPAddress? address = null)
    {
        _process = process;
        Folder = folder;
        Http = new IPEndPoint(address ?? IPAddress.Loopback, port);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _startedAt = Stopwatch.GetTimestamp();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public IPEndPoint Http { get; }

    /// <summary>Holds the configuration and the data; removed by whoever made it.</summary>
    public string Folder { get; }

    public ProcessUsage Usage => ProcessUsage.Of(_process.Id);

    public int ProcessId => _process.Id;

    public TimeSpan SinceStart => Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>Starts a durable server with room for many connections, or one in development mode. A folder that was used before keeps its ports.</summary>
    public static ServerProcess Start(LoadOptions options, string folder, bool development = false)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "config.json");
        if (!File.Exists(file)) File.WriteAllText(file, Configuration().ToJsonString());
        var http = JsonNode.Parse(File.ReadAllText(file))!["ports"]!["http"]!.GetValue<int>();
        string[] mode = development ? ["-dev"] : ["-server", "-bootstrap", "-bind", "127.0.0.1", "-data-dir", Path.Combine(folder, "data")];
        return new ServerProcess(Describe(options.Binary, ["agent", "-config-file", file, .. mode]), http, folder);
    }

    /// <summary>Starts one agent of a cluster, whose configuration is in its folder already, as an operator's would be.</summary>
    public static ServerProcess StartConfigured(LoadOptions options, string folder, NetworkHost? host = null)
    {
        var file = Path.Combine(folder, "config.json");
        var http = JsonNode.Parse(File.ReadAllText(file))!["ports"]!["http"]!.GetValue<int>();
        var process = Describe(options.Binary, ["agent", "-config-file", file]);
        if (host is null) return new ServerProcess(process, http, folder);
        var (program, first) = PacketNetwork.At(host, process.StartInfo.FileName);
        process.StartInfo.FileName = program;
        for (var i = 0; i < first.Count; i++) process.StartInfo.ArgumentList.Insert(i, first[i]);
        return new ServerProcess(process, http, folder, IPAddress.Parse(host.ControlAddress));
    }

    /// <summary>Ends the pause that <see cref="Pause"/> began.</summary>
    public void Resume() => Signal("CONT");

    /// <summary>The process gets no time and answers nobody, but its connections stay.</summary>
    public void Pause() => Signal("STOP");

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString()]);
        kill.WaitForExit();
    }

    private static JsonObject Configuration()
    {
        var ports = FreePorts.Take(4);
        return new JsonObject
        {
            ["ports"] = new JsonObject
            {
                ["http"] = ports[0], ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = ports[1], ["serf_lan"] = ports[2], ["serf_wan"] = ports[3],
            },
            ["limits"] = new JsonObject { ["http_max_conns_per_client"] = 100_000 },
            ["performance"] = new JsonObject { ["raft_multiplier"] = 1 },
            ["log_level"] = "warn",
        };
    }

    /// <summary>Starts the bare endpoint that comparisons are made with.</summary>
    public static ServerProcess StartBare()
    {
        var port = FreePorts.Take(1)[0];
        var self = Environment.ProcessPath!;
        string[] arguments = ["bare-endpoint", port.ToString()];
        var isHost = Path.GetFileNameWithoutExtension(self) == "dotnet";
        return new ServerProcess(Describe(self, isHost ? [typeof(ServerProcess).Assembly.Location, .. arguments] : arguments), port, "");
    }

    private static Process Describe(string program, string[] arguments)
    {
        var isAssembly = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (isAssembly) start.ArgumentList.Add(program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return new Process { StartInfo = start };
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output)
        {
            if (_output.Count == 20) _output.Dequeue();
            _output.Enqueue(line);
        }
    }

    /// <summary>Asks until the answer is as wanted; gives the time since the process was started.</summary>
    public async Task<TimeSpan> UntilAsync(string method, string target, string body, Predicate<Answer> ready)
    {
        var request = Request.Of(method, target, body);
        var askedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(askedAt) < s_startPatience && !_process.HasExited)
        {
            try
            {
                using var connection = await Connection.OpenAsync(Http);
                if (ready(await connection.AskAsync(request))) return SinceStart;
            }
            catch (Exception problem) when (problem is IOException or System.Net.Sockets.SocketException)
            {
                // Not listening yet: that is what is being waited for.
                await Task.Delay(1);
            }
            await Task.Delay(1);
        }
        lock (_output) throw new TimeoutException($"{method} {target} was never answered as wanted. The server said:\n{string.Join('\n', _output)}");
    }

    public Task<TimeSpan> UntilHttpAsync() => UntilAsync("GET", "/v1/status/leader", "", _ => true);

    public Task<TimeSpan> UntilLeaderAsync() => UntilAsync("GET", "/v1/status/leader", "", answer => answer.Status == 200 && answer.Body.Length > 3);

    /// <summary>As a power cut would: no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends a signal and waits for the end; gives the exit code and the time it took.</summary>
    public async Task<(int Code, TimeSpan Took)> SignalAsync(string signal, TimeSpan patience)
    {
        var begun = Stopwatch.GetTimestamp();
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString()]);
        using var deadline = new CancellationTokenSource(patience);
        await _process.WaitForExitAsync(deadline.Token);
        return (_process.ExitCode, Stopwatch.GetElapsedTime(begun));
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
