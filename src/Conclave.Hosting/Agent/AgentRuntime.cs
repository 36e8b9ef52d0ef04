using System.Threading.Channels;
using Conclave.Agent;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Agent.Sync;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Hosting.Agent.Probes;
using Conclave.Hosting.Agent.Store;
using Conclave.Http.Remote;
using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Agent;

/// <summary>
/// The local agent at work: its core behind a lock, one timer, one loop that carries out effects in order, the check runners, the catalog traffic and the data folder.
/// </summary>
/// <remarks>
/// The core's calls are short and never wait, so callers take the lock on their own thread: a TTL report is over when the call returns.
/// </remarks>
public sealed class AgentRuntime : ILocalAgent, IAsyncDisposable
{
    private readonly Lock _gate = new();                       // guards _core, _wake and the order of _effects
    private readonly AgentCore _core;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly CatalogSync _sync;
    private readonly IAgentCatalog _catalog;
    private readonly ProbeRunner _probes;
    private readonly AgentInstruments _instruments;
    private readonly AgentStore? _store;

    // Unbounded by itself, bounded by what feeds it: one run per check, a fixed number of catalog writes, and callers that wait for their own registration.
    private readonly Channel<AgentEffect> _effects = Channel.CreateUnbounded<AgentEffect>(new() { SingleReader = true });
    private readonly Task _loop;
    private readonly List<(string ServiceId, TaskCompletionSource Synced)> _awaitingSync = [];   // guarded by _gate
    private Instant _wake = Instant.Never;
    private int _disposed;

    private AgentRuntime(AgentRuntimeOptions options, INodeGateway gateway, TimeProvider clock, ILoggerFactory logs, IServerCalls? servers)
    {
        _clock = clock;
        _logger = logs.CreateLogger("agent");
        bool persist = options.DataDirectory.Length > 0;
        ulong seed = options.Seed != 0 ? options.Seed : (ulong)Random.Shared.NextInt64();
        _core = new(options.Core with { Persist = persist }, new Prng(seed), Now);
        _store = persist ? new(options.DataDirectory, clock, _logger) : null;
        _catalog = servers is null ? new StateCatalog(gateway) : new ServerCatalog(servers, options.Core.Identity.Datacenter);
        _sync = new(gateway, _catalog, options.Core.Identity.NodeName, this);
        _instruments = new(options.Core.Identity.NodeName, () => Counts);
        _probes = new(options.ConcurrentProbesMax, _catalog, clock, OnProbeDone);
        _timer = clock.CreateTimer(static state => ((AgentRuntime)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Load(options);
        _loop = Task.Run(CarryOutAsync);
    }

    /// <summary>Starts an agent: configured and kept services and checks are there when this returns.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="gateway">The way to the catalog.</param>
    /// <param name="clock">Time.</param>
    /// <param name="logs">Where to log, under the name <c>agent</c>.</param>
    /// <param name="servers">Where the catalog is read; null when the node holds it itself.</param>
    /// <exception cref="IOException">The data folder cannot be used.</exception>
    public static AgentRuntime Start(AgentRuntimeOptions options, INodeGateway gateway, TimeProvider clock, ILoggerFactory logs, IServerCalls? servers = null)
    {
        var runtime = new AgentRuntime(options, gateway, clock, logs, servers);
        runtime.Pump();
        return runtime;
    }

    /// <summary>Number of services, checks, TTL checks and checks that are run.</summary>
    public (int Services, int Checks, int Ttls, int Monitors) Counts
    {
        get
        {
            lock (_gate) return _core.Counts;
        }
    }

    /// <summary>Metadata of the node as the catalog shows it.</summary>
    public IReadOnlyDictionary<string, string> NodeMeta => _core.NodeMeta;

    /// <summary>Whether the catalog is known to say the same as the agent.</summary>
    public bool IsInSync
    {
        get
        {
            lock (_gate) return _core.IsInSync;
        }
    }

    internal Instant Now => new((long)((Int128)_clock.GetTimestamp() * 1_000_000_000 / _clock.TimestampFrequency));

    /// <summary>Makes the services and checks of configuration files be exactly these: a reload. Returns what is wrong with some of them.</summary>
    public IReadOnlyList<string> Configure(IReadOnlyList<ServiceDefinition> services, IReadOnlyList<CheckDefinition> checks)
    {
        lock (_gate)
        {
            var errors = _core.Configure(services, checks, Now);
            PumpLocked();
            return errors;
        }
    }

    /// <summary>A reload: services and checks of configuration files, the node's metadata and whether outputs are kept become these, unless something is wrong with them. Then nothing changes, and the result says what it is.</summary>
    public IReadOnlyList<string> Reconfigure(AgentConfig config)
    {
        lock (_gate)
        {
            var problems = _core.Problems(config.Services, config.Checks);
            if (problems.Count > 0) return problems;
            _core.Reconfigure(config.NodeMeta, config.DiscardCheckOutput);
            var errors = _core.Configure(config.Services, config.Checks, Now);
            PumpLocked();
            return errors;
        }
    }

    /// <summary>
    /// Compares with the catalog as soon as possible, for example because a leader was found; or, when all agents have the same reason, at a moment of chance within
    /// <paramref name="within"/>.
    /// </summary>
    public void RequestFullSync(TimeSpan within = default)
    {
        lock (_gate)
        {
            _core.RequestFullSync(Now, within);
            PumpLocked();
        }
    }

    /// <summary>
    /// Tells the catalog nothing any more, because the agent leaves: the servers take out what they know of it, and a comparison that falls into the time before it ends would
    /// bring it back for ever.
    /// </summary>
    public void LeaveCatalog() => _sync.Silence();

    /// <summary>Says how many agents the datacenter has: the more, the less often each compares itself with the catalog.</summary>
    public void SetClusterSize(int agents)
    {
        lock (_gate) _core.ClusterSize = agents;
    }

    /// <summary>Completes when the catalog is known to say what this agent says about a service. Cancelling ends the waiting only.</summary>
    public Task WhenSyncedAsync(string serviceId, CancellationToken stop)
    {
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_core.IsServiceInSync(serviceId)) return Task.CompletedTask;
            _awaitingSync.Add((serviceId, synced));
        }
        return ForgetAfterwards(synced, stop);
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> RegisterServiceAsync(ServiceDefinition service, bool replaceExistingChecks, CancellationToken stop)
    {
        lock (_gate) return Finish(_core.RegisterService(service, replaceExistingChecks, fromConfig: false, Now), stop);
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> DeregisterServiceAsync(string serviceId, CancellationToken stop)
    {
        lock (_gate) return Finish(_core.DeregisterService(serviceId, Now), stop);
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> RegisterCheckAsync(CheckDefinition check, CancellationToken stop)
    {
        lock (_gate) return Finish(_core.RegisterCheck(check, fromConfig: false, Now), stop);
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> DeregisterCheckAsync(string checkId, CancellationToken stop)
    {
        lock (_gate) return Finish(_core.DeregisterCheck(checkId, Now), stop);
    }

    /// <inheritdoc/>
    public AgentOutcome UpdateTtlCheck(string checkId, string status, string output)
    {
        lock (_gate)
        {
            var outcome = _core.UpdateTtlCheck(checkId, status, output, Now);
            PumpLocked();
            return outcome;
        }
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> SetServiceMaintenanceAsync(string serviceId, bool enable, string reason, CancellationToken stop)
    {
        lock (_gate) return Finish(_core.SetServiceMaintenance(serviceId, enable, reason, Now), stop);
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> SetNodeMaintenanceAsync(bool enable, string reason, CancellationToken stop)
    {
        lock (_gate) return Finish(_core.SetNodeMaintenance(enable, reason, Now), stop);
    }

    /// <inheritdoc/>
    public LocalServiceView? GetService(string serviceId)
    {
        lock (_gate) return _core.GetService(serviceId);
    }

    /// <inheritdoc/>
    public void ListServices(List<LocalServiceView> into)
    {
        lock (_gate) _core.ListServices(into);
        into.Sort(static (a, b) => string.CompareOrdinal(a.Service.Id, b.Service.Id));
    }

    /// <inheritdoc/>
    public void ListChecks(List<HealthCheck> into)
    {
        lock (_gate) _core.ListChecks(into);
        into.Sort(static (a, b) => string.CompareOrdinal(a.CheckId, b.CheckId));
    }

    /// <inheritdoc/>
    public void ListServiceChecks(string serviceId, List<HealthCheck> into)
    {
        lock (_gate) _core.ListServiceChecks(serviceId, into);
    }

    /// <inheritdoc/>
    public bool WatchService(string serviceId, string hash, IServiceWaiter waiter)
    {
        lock (_gate) return _core.Watch(serviceId, hash, waiter);
    }

    /// <inheritdoc/>
    public void UnwatchService(string serviceId, IServiceWaiter waiter)
    {
        lock (_gate) _core.Unwatch(serviceId, waiter);
    }

    /// <summary>Stops checks and writes and keeps the states of TTL checks. What the catalog says stays.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _timer.DisposeAsync().ConfigureAwait(false);
        _effects.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        await _probes.DisposeAsync().ConfigureAwait(false);
        await _sync.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
            foreach (var (_, synced) in _awaitingSync) synced.TrySetCanceled();
        if (_store is not null)
        {
            KeepTtlStates(_store);
            await _store.DisposeAsync().ConfigureAwait(false);
        }
        _instruments.Dispose();
    }

    internal void OnSyncDone(SyncOperation operation, string? error)
    {
        _instruments.Wrote(failed: error is not null);
        lock (_gate)
        {
            _core.OnSyncDone(operation, error, Now);
            PumpLocked();
        }
    }

    internal void OnCatalogRead(NodeEntry? node, List<NodeService> services, List<HealthCheck> checks)
    {
        lock (_gate)
        {
            _core.OnCatalogRead(node, services, checks, Now);
            PumpLocked();
        }
    }

    internal void OnCatalogReadFailed()
    {
        lock (_gate)
        {
            _core.OnCatalogReadFailed(Now);
            PumpLocked();
        }
    }

    private void OnProbeDone(long runId, ProbeResult result, TimeSpan duration)
    {
        _instruments.Ran(duration);
        lock (_gate)
        {
            _core.OnProbeDone(runId, result, Now);
            PumpLocked();
        }
    }

    private void Load(AgentRuntimeOptions options)
    {
        lock (_gate)
        {
            foreach (string error in _core.Configure(options.Services, options.Checks, Now)) AgentLogMessages.DefinitionRefused(_logger, error);
            _store?.Load(_core, Now);
        }
    }

    private void KeepTtlStates(AgentStore store)
    {
        var states = new List<SaveCheckState>();
        lock (_gate) _core.ListTtlStates(states, Now);
        foreach (var state in states) store.Post(state);
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _wake = Instant.Never;                             // not armed any more: whatever is next must be set again
            PumpLocked();
        }
    }

    private void Pump()
    {
        lock (_gate) PumpLocked();
    }

    /// <summary>Lets the core do what is due, hands its effects to the loop and sets the timer. Called with the lock held.</summary>
    private void PumpLocked()
    {
        _core.Tick(Now);
        if (_core.Effects.Count > 0)
        {
            foreach (var effect in _core.Effects) _effects.Writer.TryWrite(effect);
            _core.Effects.Clear();
        }
        if (_awaitingSync.Count > 0) CompleteSynced();
        var wake = _core.NextWake;
        if (wake == _wake || Volatile.Read(ref _disposed) != 0) return;
        _wake = wake;
        _timer.Change(DelayUntil(wake), Timeout.InfiniteTimeSpan);
    }

    private void CompleteSynced()
    {
        for (int i = _awaitingSync.Count - 1; i >= 0; i--)
        {
            if (!_core.IsServiceInSync(_awaitingSync[i].ServiceId)) continue;
            _awaitingSync[i].Synced.TrySetResult();
            _awaitingSync.RemoveAt(i);
        }
    }

    private async Task ForgetAfterwards(TaskCompletionSource synced, CancellationToken stop)
    {
        try
        {
            await synced.Task.WaitAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate) _awaitingSync.RemoveAll(waiting => waiting.Synced == synced);
        }
    }

    private TimeSpan DelayUntil(Instant wake)
    {
        if (wake == Instant.Never) return Timeout.InfiniteTimeSpan;
        var delay = wake - Now;
        if (delay <= TimeSpan.Zero) return TimeSpan.FromMilliseconds(1);
        // Rounded up: a timer that rings a little early would find nothing due and be set again for almost no time.
        return delay > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : delay + TimeSpan.FromMilliseconds(1);
    }

    /// <summary>Ends a registration: its effects are on their way; with a data folder it is complete when they are on disk. Called with the lock held.</summary>
    private ValueTask<AgentOutcome> Finish(AgentOutcome outcome, CancellationToken stop)
    {
        PumpLocked();
        if (!outcome.IsOk || _store is null) return new(outcome);
        var barrier = new StoreBarrier();
        if (!_effects.Writer.TryWrite(barrier)) return new(AgentOutcome.Failed("agent is stopping"));
        return WaitAsync(barrier, stop);
    }

    private static async ValueTask<AgentOutcome> WaitAsync(StoreBarrier barrier, CancellationToken stop) =>
        await barrier.Completion.WaitAsync(stop).ConfigureAwait(false) is { } error ? AgentOutcome.Failed(error) : AgentOutcome.Ok;

    private async Task CarryOutAsync()
    {
        await foreach (var effect in _effects.Reader.ReadAllAsync().ConfigureAwait(false)) CarryOut(effect);
    }

    private void CarryOut(AgentEffect effect)
    {
        switch (effect)
        {
            case RunProbe run: _probes.Start(run); break;
            case CancelProbe cancel: _probes.Cancel(cancel.RunId); break;
            case WriteCatalog write: _sync.Write(write.Operation); break;
            case ReadCatalog: _sync.Read(); break;
            case WriteLog log: AgentLogMessages.Write(_logger, log); break;
            default: _store?.Post(effect); break;
        }
    }
}
