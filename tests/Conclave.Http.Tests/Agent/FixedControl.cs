using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Agent.Pools;
using Conclave.Http.Endpoints.Agent;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests.Agent;

/// <summary>An agent that is alone and does what it is told.</summary>
internal sealed class FixedControl : IAgentControl, IAgentMetrics, IDisposable
{
    private IAgentLogSink? _sink;

    public static AgentIdentity Who { get; } = new() { NodeName = "node-1", NodeId = "aaaaaaaa-0000-4000-8000-000000000001" };

    public AgentIdentity Identity => Who;

    public IAgentPools Pools { get; } = new FixedPools();

    public IReadOnlyDictionary<string, string> NodeMeta { get; } = new SortedDictionary<string, string> { ["rack"] = "r1" };

    public IReadOnlyList<KeyValuePair<string, object?>> DebugConfig { get; } = [new("NodeName", "node-1"), new("Ports", new List<object?> { 1L, 2.5, true, null })];

    public bool IsPrometheusEnabled { get; init; } = true;

    public LogLevels LevelAsked { get; private set; }

    public Task<IAgentLogSink> Subscribed => _subscribed.Task;

    private readonly TaskCompletionSource<IAgentLogSink> _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsSubscribed => Volatile.Read(ref _sink) is not null;

    public IReadOnlyList<StatsSection> Stats() => [new("agent", [new("checks", "0")])];

    public IReadOnlyList<KeyValuePair<string, object?>> HostFacts() => [new("CPU", new List<object?>())];

    public ValueTask<AgentOutcome> LeaveAsync(CancellationToken stop) => new(AgentOutcome.Ok);

    public ValueTask<AgentOutcome> ReloadAsync(CancellationToken stop) => new(AgentOutcome.Ok);

    public IDisposable SubscribeLog(LogLevels level, IAgentLogSink sink)
    {
        LevelAsked = level;
        Volatile.Write(ref _sink, sink);
        _subscribed.TrySetResult(sink);
        return this;
    }

    public void Dispose() => Volatile.Write(ref _sink, null);

    public MetricsSnapshot Current() => new(
        DateTimeOffset.UnixEpoch,
        [new("consul.runtime.alloc_bytes", 5, [])],
        [new("consul.http.requests", 2, 0.2, 2, 1, 1, 1, 0, [new("method", "GET")])],
        [new("consul.raft.commit", 3, 0.3, 6, 1, 3, 2, 1, [])]);

    public MetricsSnapshot Total() => Current();
}
