using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>All tables of one version. Keys of the catalog are composite (see <see cref="Keys"/>); tables named "by" are derived from the others.</summary>
internal sealed class StateTables
{
    public Tree<KvEntry> Kv { get; init; } = new();

    /// <summary>Session key, then the key's bytes.</summary>
    public Tree<KvEntry> KvBySession { get; init; } = new();

    public Tree<Tombstone> Tombstones { get; init; } = new();

    /// <summary>Session key: the bytes of its UUID.</summary>
    public Tree<Session> Sessions { get; init; } = new();

    /// <summary>Node, then session key.</summary>
    public Tree<Session> SessionsByNode { get; init; } = new();

    /// <summary>Node, check id, then session key.</summary>
    public Tree<Session> SessionsByCheck { get; init; } = new();

    public Tree<NodeEntry> Nodes { get; init; } = new();

    public Tree<NodeEntry> NodesById { get; init; } = new();

    /// <summary>Node, service id.</summary>
    public Tree<ServiceRow> Services { get; init; } = new();

    /// <summary>Service, node, service id.</summary>
    public Tree<ServiceRow> ServicesByName { get; init; } = new();

    /// <summary>Service reached through the proxy (or native instance), node, service id.</summary>
    public Tree<ServiceRow> ServicesByConnect { get; init; } = new();

    /// <summary>Node, check id.</summary>
    public Tree<HealthCheck> Checks { get; init; } = new();

    /// <summary>Node, service id (empty for node checks), check id.</summary>
    public Tree<HealthCheck> ChecksByInstance { get; init; } = new();

    /// <summary>Service name, node, check id.</summary>
    public Tree<HealthCheck> ChecksByService { get; init; } = new();

    /// <summary>Status, node, check id.</summary>
    public Tree<HealthCheck> ChecksByStatus { get; init; } = new();

    /// <summary>Node, segment.</summary>
    public Tree<CoordinateEntry> Coordinates { get; init; } = new();

    /// <summary>Name of the table or service.</summary>
    public Tree<TableIndex> Indexes { get; init; } = new();

    /// <summary>One entry under the empty key, or none.</summary>
    public Tree<AutopilotConfig> Autopilot { get; init; } = new();

    /// <summary>Everything that is kept without being acted on: record type, then its own key.</summary>
    public Tree<KeptRecord> Records { get; init; } = new();

    /// <summary>Pieces of large writes whose last piece has not come yet: operation number, then sequence number.</summary>
    public Tree<ChunkPiece> Chunks { get; init; } = new();
}
