using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core;

namespace Conclave.Hosting;

/// <summary>The configuration in effect, for people who debug: no secrets, names as the peers show them.</summary>
internal static class AgentDebugConfig
{
    public static List<KeyValuePair<string, object?>> Build(AgentConfig config, AgentIdentity identity) =>
    [
        new("ACLsEnabled", config.Acl.Enabled),
        new("AdvertiseAddrLAN", identity.AdvertiseAddress),
        new("AdvertiseAddrWAN", identity.AdvertiseAddressWan),
        new("BindAddr", config.BindAddress),
        new("Bootstrap", config.Bootstrap),
        new("BootstrapExpect", (long)config.BootstrapExpect),
        new("CheckOutputMaxSize", (long)config.CheckOutputMaxSize),
        new("CheckUpdateInterval", Text(config.CheckUpdateInterval)),
        new("ClientAddrs", config.ClientAddresses.ToList<object?>()),
        new("DataDir", config.DataDir),
        new("Datacenter", config.Datacenter),
        new("DefaultQueryTime", Text(config.DefaultQueryTime)),
        new("DevMode", config.DevMode),
        new("EnableDebug", config.EnableDebug),
        new("EnableLocalScriptChecks", config.EnableLocalScriptChecks),
        new("EnableRemoteScriptChecks", config.EnableScriptChecks),
        new("HTTPAddrs", config.HttpListeners.Select(static listener => (object?)listener.ToString()).ToList()),
        new("HTTPMaxConnsPerClient", (long)config.Limits.HttpMaxConnsPerClient),
        new("HTTPPort", (long)config.Ports.Http),
        new("HTTPSPort", (long)config.Ports.Https),
        new("KVMaxValueSize", config.Limits.KvMaxValueSize),
        new("LeaveOnTerm", config.LeavesOnTerminate),
        new("MaxQueryTime", Text(config.MaxQueryTime)),
        new("NodeID", identity.NodeId),
        new("NodeMeta", config.NodeMeta.Select(static pair => new KeyValuePair<string, object?>(pair.Key, pair.Value)).ToList()),
        new("NodeName", identity.NodeName),
        new("PrimaryDatacenter", identity.PrimaryDatacenter),
        new("RaftSnapshotInterval", Text(config.Raft.SnapshotInterval)),
        new("RaftSnapshotThreshold", (long)config.Raft.SnapshotThreshold),
        new("RaftTrailingLogs", (long)config.Raft.TrailingLogs),
        new("SerfPortLAN", (long)identity.SerfLanPort),
        new("SerfPortWAN", (long)identity.SerfWanPort),
        new("ServerMode", config.Server),
        new("ServerPort", (long)identity.ServerPort),
        new("SessionTTLMin", Text(config.SessionTtlMin)),
        new("SkipLeaveOnInt", config.SkipsLeaveOnInterrupt),
        new("TxnMaxReqLen", config.Limits.TxnMaxReqLen),
        new("Version", identity.Version),
    ];

    private static string Text(TimeSpan span) => GoDuration.From(span).ToString();
}
