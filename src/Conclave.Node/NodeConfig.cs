using Conclave.Core.Model;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>What a node is told about itself. Fixed for its life except where <see cref="Node"/> takes changes as inputs.</summary>
public sealed record NodeConfig
{
    /// <summary>Name, id, datacenter and server address.</summary>
    public required NodeIdentity Identity { get; init; }

    /// <summary>Address under which the node is registered in the catalog (no port).</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Named addresses of the catalog entry.</summary>
    public IReadOnlyDictionary<string, string>? TaggedAddresses { get; init; }

    /// <summary>Metadata of the catalog entry.</summary>
    public IReadOnlyDictionary<string, string>? NodeMeta { get; init; }

    /// <summary>Port of the server protocol, as the catalog's service <c>consul</c> shows it.</summary>
    public int ServerPort { get; init; } = 8300;

    /// <summary>Version this server claims in the metadata of service <c>consul</c>.</summary>
    public string Version { get; init; } = "1.10.11";

    /// <summary>How long a request waits for a leader before it fails with <c>No cluster leader</c>. Default 7 s.</summary>
    public TimeSpan LeaderHoldTime { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>Shortest TTL a session may have. Default 10 s.</summary>
    public TimeSpan SessionTtlMin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long tombstones of deleted keys are kept at least. Default 15 minutes.</summary>
    public TimeSpan TombstoneTtl { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Step to which the end of <see cref="TombstoneTtl"/> is rounded up, so that deletes share one log entry. Default 30 s.</summary>
    public TimeSpan TombstoneGranularity { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often noted coordinates are written to the log. Default 5 s.</summary>
    public TimeSpan CoordinateUpdatePeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Raft's timing. Its server id must be the identity's node id.</summary>
    public required RaftConfig Raft { get; init; }

    /// <summary>Whether a new server forms a cluster of its own. Without effect once there is a log.</summary>
    public bool Bootstrap { get; init; } = true;

    /// <summary>The servers of that cluster, the same list on each of them; null for this server alone.</summary>
    public IReadOnlyList<RaftServer>? InitialServers { get; init; }

    /// <summary>Autopilot configuration that the first leader stores.</summary>
    public AutopilotConfig Autopilot { get; init; } = new();

    /// <summary>Bounds of queues and batches.</summary>
    public NodeLimits Limits { get; init; } = new();

    /// <summary>
    /// How long the pool must have known everybody whom Raft knows to be there before nodes that it does not know are taken for forgotten members: after a restart of everything, others are still on
    /// their way into the pool when the first leader is elected. Default 30 s.
    /// </summary>
    public TimeSpan PoolTrustAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The pool counts as knowing everybody. Always false except in simulations, whose pools and clusters have nothing to do with each other.</summary>
    internal bool AlwaysTrustsPool { get; init; }

    /// <summary>Messages that do not wait for what they rest on to be durable. Always null except in simulations, which show with it that they notice.</summary>
    internal Func<RaftMessage, bool>? LeavesEarly { get; init; }

    /// <summary>A list of peers leaves the term as it was, in simulations.</summary>
    internal bool RecoversInOldTerms { get; init; }
}
