using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Conclave.Cli.Tests.Process;

/// <summary>The built program as a process of its own, with ports that were free.</summary>
internal sealed class AgentProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly System.Diagnostics.Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _error = new();

    private AgentProcess(ProcessStartInfo start, int httpPort, int lanPort)
    {
        (HttpPort, LanPort) = (httpPort, lanPort);
        _process = System.Diagnostics.Process.Start(start)!;
        if (start.RedirectStandardOutput)
        {
            _process.OutputDataReceived += (_, line) => Keep(line.Data);
            _process.BeginOutputReadLine();
        }
        _process.ErrorDataReceived += (_, line) => _error.Append(line.Data is null ? "" : line.Data + "\n");
        _process.BeginErrorReadLine();
    }

    public int HttpPort { get; }

    /// <summary>Gossip port in the datacenter; 0 when somebody else has chosen the ports.</summary>
    public int LanPort { get; }

    public int Id => _process.Id;

    public string Error => _error.ToString();

    public List<string> Seen { get; } = [];

    /// <summary>A copy of <see cref="Seen"/>, also while the program still writes.</summary>
    public List<string> SeenSoFar()
    {
        lock (Seen) return [.. Seen];
    }

    public string Url => $"http://127.0.0.1:{HttpPort}";

    /// <summary>The program as the test build made it: an apphost beside its assemblies.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "conclave");

    public static AgentProcess Start(string folder, params string[] arguments)
    {
        var ports = Conclave.Tests.FreePorts.Take(5);
        return Start(folder, (ports[0], ports[3]), null, ["agent", $"-http-port={ports[0]}", $"-dns-port={ports[1]}", $"-server-port={ports[2]}", $"-serf-lan-port={ports[3]}", $"-serf-wan-port={ports[4]}", .. arguments]);
    }

    public static AgentProcess Start(string folder, int httpPort, Action<ProcessStartInfo>? change, string[] arguments) => Start(folder, (httpPort, 0), change, arguments);

    private static AgentProcess Start(string folder, (int Http, int Lan) ports, Action<ProcessStartInfo>? change, string[] arguments)
    {
        var start = new ProcessStartInfo(Program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove("CONSUL_HTTP_ADDR");
        change?.Invoke(start);
        return new AgentProcess(start, ports.Http, ports.Lan);
    }

    /// <summary>Waits for a line with this text.</summary>
    public async Task<string> LineAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var line in _lines.Reader.ReadAllAsync(patience.Token))
            if (line.Contains(text, StringComparison.Ordinal)) return line;
        throw new InvalidOperationException($"The program ended without \"{text}\": {string.Join('\n', Seen)}{Error}");
    }

    /// <summary>Waits until the server leads and runs; the two lines come in any order.</summary>
    public async Task ReadyAsync()
    {
        var (leads, runs) = (false, false);
        while (!leads || !runs)
        {
            var line = await LineAsync("");
            leads |= line.Contains("agent.server: cluster leadership acquired", StringComparison.Ordinal);
            runs |= line.Contains("agent: Consul agent running!", StringComparison.Ordinal);
        }
    }

    /// <summary>Waits until it has connected to a listener; the connection stays open.</summary>
    public async Task ConnectedAsync(System.Net.Sockets.TcpListener listener)
    {
        using var patience = new CancellationTokenSource(Patience);
        await listener.AcceptSocketAsync(patience.Token);
    }

    public void Signal(int number)
    {
        using var kill = System.Diagnostics.Process.Start("/bin/kill", [$"-{number.ToString(CultureInfo.InvariantCulture)}", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            _lines.Writer.TryComplete();
            return;
        }
        lock (Seen) Seen.Add(line);
        _lines.Writer.TryWrite(line);
    }
}
