using System.Collections.Concurrent;
using Conclave.Agent;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Runs checks, a bounded number at a time, each within its timeout. Every started run is answered once, also when it fails in an unforeseen way.</summary>
internal sealed class ProbeRunner(int concurrentMax, IAgentCatalog catalog, TimeProvider clock, Action<long, ProbeResult, TimeSpan> done) : IAsyncDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DefaultScriptTimeout = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _slots = new(concurrentMax);
    private readonly ConcurrentDictionary<long, Running> _running = new();
    private readonly HttpClients _clients = new();
    private volatile bool _stopped;

    /// <summary>Starts a run.</summary>
    public void Start(RunProbe run)
    {
        if (_stopped) return;
        var running = new Running();
        _running[run.RunId] = running;
        running.Task = Task.Run(() => RunAsync(run, running));
    }

    /// <summary>Ends a run early.</summary>
    public void Cancel(long runId)
    {
        if (_running.TryGetValue(runId, out var running)) running.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        var running = _running.Values.ToArray();
        foreach (var run in running) run.Cancel();
        foreach (var run in running) await run.Task.ConfigureAwait(false);
        _clients.Dispose();
        _slots.Dispose();
    }

    private async Task RunAsync(RunProbe run, Running running)
    {
        ProbeResult result;
        long started = clock.GetTimestamp();
        try
        {
            await _slots.WaitAsync(running.Stop).ConfigureAwait(false);
            try
            {
                result = await ProbeAsync(run.Check, run.OutputMax, running.Stop).ConfigureAwait(false);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (Exception failure) when (failure is not Core.InvariantBrokenException)
        {
            result = new(HealthStatus.Critical, failure.Message);
        }
        _running.TryRemove(run.RunId, out _);
        running.Dispose();
        done(run.RunId, result, clock.GetElapsedTime(started));
    }

    private async Task<ProbeResult> ProbeAsync(CheckDefinition check, int outputMax, CancellationToken stop)
    {
        if (CheckRules.IsAlias(check)) return await AliasProbe.RunAsync(check, catalog, stop).ConfigureAwait(false);
        bool script = CheckRules.IsScript(check);
        var timeout = check.Timeout > TimeSpan.Zero ? check.Timeout : script ? DefaultScriptTimeout : DefaultTimeout;
        if (check.DockerContainerId.Length > 0) return new(HealthStatus.Critical, "Checks inside containers are not supported");
        if (script) return await ScriptProbe.RunAsync(check, timeout, outputMax, stop).ConfigureAwait(false);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(timeout);
        return check switch
        {
            { Grpc.Length: > 0 } => await GrpcProbe.RunAsync(check, _clients, limited.Token).ConfigureAwait(false),
            { Http.Length: > 0 } => await HttpProbe.RunAsync(check, _clients, outputMax, limited.Token).ConfigureAwait(false),
            { Tcp.Length: > 0 } => await TcpProbe.RunAsync(check.Tcp, limited.Token).ConfigureAwait(false),
            { Udp.Length: > 0 } => await UdpProbe.RunAsync(check.Udp, limited.Token).ConfigureAwait(false),
            _ => await H2PingProbe.RunAsync(check, limited.Token).ConfigureAwait(false),
        };
    }

    private sealed class Running : IDisposable
    {
        private readonly Lock _gate = new();                   // guards _source against use after it was disposed
        private readonly CancellationTokenSource _source = new();
        private bool _disposed;

        public Running() => Stop = _source.Token;

        public CancellationToken Stop { get; }

        public Task Task { get; set; } = Task.CompletedTask;

        public void Cancel()
        {
            lock (_gate)
                if (!_disposed) _source.Cancel();
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _disposed = true;
                _source.Dispose();
            }
        }
    }
}
