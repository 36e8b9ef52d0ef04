using System.Diagnostics.Metrics;
using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Client;
using Conclave.Hosting.Pools;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>
/// Numbers of a whole agent: log, state, servers, members, calls, requests that wait and subscriptions, under Consul's names where it has some. All but the times of requests
/// are looked up when somebody asks for metrics.
/// </summary>
internal sealed class HostInstruments : IDisposable
{
    private readonly Meter _meter;
    private (StateRoot Root, StateSizes Sizes)? _measured;     // taken last: one look asks for several of them

    /// <summary>Without numbers.</summary>
    /// <param name="node">Name of the node.</param>
    public HostInstruments(string node) => _meter = new(new MeterOptions("Conclave.Host") { Tags = [new(AgentInstruments.NodeTag, node)] });

    /// <summary>Adds those of a server's node and of the calls that it serves.</summary>
    public void Add(INodeGateway gateway, ServerCalls calls)
    {
        Gauge("raft.applied_index", "Newest log entry in the state.", () => gateway.Raft.AppliedIndex);
        Gauge("raft.commit_index", "Newest log entry that a majority is known to have.", () => gateway.Raft.CommitIndex);
        Gauge("raft.last_index", "Newest log entry.", () => gateway.Raft.LastLogIndex);
        Gauge("raft.snapshot_index", "Last log entry that the newest snapshot covers.", () => gateway.Raft.SnapshotIndex);
        Gauge("raft.term", "Current term.", () => gateway.Raft.Term);
        Gauge("raft.peers", "Servers in the configuration.", () => gateway.Status.Servers.Count);
        Gauge("raft.pending_proposals", "Requests that wait for the log.", () => gateway.Raft.PendingProposals);
        Gauge("server.isLeader", "1 when this server leads.", () => gateway.Status.IsLeader ? 1 : 0);
        LeaderGauge("autopilot.healthy", "1 when all servers are healthy, as the leader sees them.", gateway, static servers => servers.All(static server => server.IsHealthy) ? 1 : 0);
        LeaderGauge("autopilot.failure_tolerance", "Voters that may still fail before nothing can be written any more, as the leader sees them.", gateway, static servers => ServerHealth.FailureTolerance(servers));
        Gauge("state.nodes", "Nodes of the catalog.", () => Sizes(gateway).Nodes);
        Gauge("state.services", "Names of services.", () => Sizes(gateway).Services);
        Gauge("state.service_instances", "Instances of services.", () => Sizes(gateway).ServiceInstances);
        Gauge("state.checks", "Checks.", () => Sizes(gateway).Checks);
        Gauge("state.kv_entries", "Keys with a value.", () => Sizes(gateway).Keys);
        Gauge("state.sessions", "Sessions.", () => Sizes(gateway).Sessions);
        Counter("rpc.request", "Calls of others that were served.", () => calls.Served);
        Counter("rpc.request_error", "Calls of others that ended in an error.", () => calls.Failed);
        Gauge("rpc.queries_blocking", "Calls of others that wait for a change.", () => calls.Waits.WaiterCount);
        if (calls.Feeds is { } feeds) Gauge("subscribe.feeds", "Services that others subscribe to at this server.", () => feeds.Count);
    }

    /// <summary>Adds those of a client's calls to servers.</summary>
    public void Add(ClientCalls client)
    {
        Gauge("client.known_servers", "Servers that may be asked.", () => client.Directory.Servers.Count);
        Counter("client.rpc", "Calls to servers.", () => client.Servers.Made);
        Counter("client.rpc.exceeded", "Calls that were not made because of limits.rpc_rate.", () => client.Servers.Exceeded);
        Counter("client.rpc.failed", "Calls to servers that did not end in an answer.", () => client.Servers.Failed);
    }

    /// <summary>Adds those of the datacenter's pool.</summary>
    public void Add(AgentPools pools)
    {
        Gauge("members.clients", "Client agents of the pool that are there.", () => Count(pools, static member => member.Status == MemberStatus.Alive && !IsServer(member)));
        Gauge("members.servers", "Servers of the pool that are there.", () => Count(pools, static member => member.Status == MemberStatus.Alive && IsServer(member)));
        Gauge("members.failed", "Members of the pool that have failed.", () => Count(pools, static member => member.Status == MemberStatus.Failed));
        Gauge("members.left", "Members of the pool that left and are still remembered.", () => Count(pools, static member => member.Status == MemberStatus.Left));
    }

    /// <summary>Adds those of the HTTP front end.</summary>
    public void Add(HttpFrontEnd frontEnd)
    {
        frontEnd.Times = new RequestTimes(_meter);
        Gauge("http.queries_blocking", "HTTP requests that wait for a change.", () => frontEnd.Waits.Count);
        if (frontEnd.Views is not { } views) return;
        Gauge("service_views.count", "Services that this agent subscribes to at a server.", () => views.Count);
        Gauge("service_views.bytes", "Memory of what they hold, about.", () => views.Bytes);
        Counter("service_views.renderings", "Answers that were rendered out of them.", () => views.Renderings);
        Counter("service_views.subscriptions", "Subscriptions that servers were asked for.", () => views.Subscriptions);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Gauge(string name, string description, Func<double> value) => _meter.CreateObservableGauge("conclave." + name, value, description: description);

    private void Counter(string name, string description, Func<long> sum) => _meter.CreateObservableCounter("conclave." + name, sum, description: description);

    // Only the leader knows: nothing is told elsewhere, and before it has looked.
    private void LeaderGauge(string name, string description, INodeGateway gateway, Func<IReadOnlyList<ServerHealth>, double> value) =>
        _meter.CreateObservableGauge("conclave." + name, () => gateway is { Status.IsLeader: true, Health: { Count: > 0 } servers } ? [new Measurement<double>(value(servers))] : Array.Empty<Measurement<double>>(), description: description);

    // Metrics are looked at by one at a time.
    private StateSizes Sizes(INodeGateway gateway)
    {
        var root = gateway.Root;
        if (_measured is not { } measured || !ReferenceEquals(measured.Root, root)) _measured = measured = (root, root.Sizes());
        return measured.Sizes;
    }

    private static bool IsServer(GossipMember member) => member.Tag("role") == ConsulTags.ServerRole;

    private static double Count(AgentPools pools, Func<GossipMember, bool> condition) => pools.LanMembers.Count(condition);
}
