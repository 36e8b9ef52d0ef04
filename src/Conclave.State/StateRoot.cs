using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// All tables at one applied index: immutable, consistent across tables, readable from any thread for as long as one likes, without locks.
/// Queries return the index a client blocks on (the value of <c>X-Consul-Index</c>, before it is raised to at least 1),
/// add what they looked at to <c>watches</c> when that is not null, and append results to the list given (so that callers can reuse lists).
/// </summary>
public sealed partial class StateRoot
{
    /// <summary>Raft index of the last applied entry.</summary>
    public ulong LastIndex => throw new NotImplementedException();

    /// <summary>Reads one key. Allocates nothing when <paramref name="watches"/> is null.</summary>
    public ulong KvGet(ReadOnlySpan<byte> key, WatchSet? watches, out KvEntry? entry) => throw new NotImplementedException();

    /// <summary>Reads all keys below a prefix in byte order.</summary>
    public ulong KvList(ReadOnlySpan<byte> prefix, WatchSet? watches, List<KvEntry> into) => throw new NotImplementedException();

    /// <summary>Lists key names below a prefix, cut behind the first <paramref name="separator"/> after the prefix (once each) when it is not empty.</summary>
    public ulong KvKeys(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> separator, WatchSet? watches, List<ReadOnlyMemory<byte>> into) => throw new NotImplementedException();

    /// <summary>Reads one session.</summary>
    public ulong SessionGet(string id, WatchSet? watches, out Session? session) => throw new NotImplementedException();

    /// <summary>All sessions.</summary>
    public ulong SessionList(WatchSet? watches, List<Session> into) => throw new NotImplementedException();

    /// <summary>The sessions of one node.</summary>
    public ulong NodeSessions(string node, WatchSet? watches, List<Session> into) => throw new NotImplementedException();

    /// <summary>All nodes that carry every pair of <paramref name="nodeMeta"/> (null or empty: all).</summary>
    public ulong Nodes(IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<NodeEntry> into) => throw new NotImplementedException();

    /// <summary>One node by name (without regard to case) or by id.</summary>
    public ulong NodeGet(string nameOrId, WatchSet? watches, out NodeEntry? node) => throw new NotImplementedException();

    /// <summary>Names of all services with the union of their tags.</summary>
    public ulong Services(IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, SortedDictionary<string, SortedSet<string>> into) => throw new NotImplementedException();

    /// <summary>Instances of a service that carry all <paramref name="tags"/> (without regard to case).</summary>
    public ulong ServiceNodes(string service, IReadOnlyList<string>? tags, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<ServiceNode> into) => throw new NotImplementedException();

    /// <summary>The services of a node (by name or id); <paramref name="node"/> is null when it is unknown.</summary>
    public ulong NodeServices(string nameOrId, WatchSet? watches, out NodeEntry? node, List<NodeService> into) => throw new NotImplementedException();

    /// <summary>Checks of a node, node checks and service checks.</summary>
    public ulong NodeChecks(string node, WatchSet? watches, List<HealthCheck> into) => throw new NotImplementedException();

    /// <summary>Checks of all instances of a service.</summary>
    public ulong ServiceChecks(string service, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<HealthCheck> into) => throw new NotImplementedException();

    /// <summary>Checks in a state; <see cref="HealthStatus.Any"/> for all.</summary>
    public ulong ChecksInState(string state, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<HealthCheck> into) => throw new NotImplementedException();

    /// <summary>Instances of a service with node and checks. With <paramref name="connect"/>: the proxies and connect-native instances for it.</summary>
    public ulong CheckServiceNodes(string service, IReadOnlyList<string>? tags, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, bool connect, WatchSet? watches, List<CheckServiceNode> into) => throw new NotImplementedException();

    /// <summary>All coordinates.</summary>
    public ulong Coordinates(WatchSet? watches, List<CoordinateEntry> into) => throw new NotImplementedException();

    /// <summary>The coordinates of one node, one per segment.</summary>
    public ulong NodeCoordinates(string node, WatchSet? watches, List<CoordinateEntry> into) => throw new NotImplementedException();

    /// <summary>Stored autopilot configuration, or null before the first leader wrote it.</summary>
    public ulong Autopilot(WatchSet? watches, out AutopilotConfig? config) => throw new NotImplementedException();
}
