using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Http.Blocking;
using Conclave.Http.Endpoints;
using Conclave.Http.Endpoints.Agent;
using Conclave.Http.Endpoints.Kv;
using Conclave.Http.Endpoints.Txn;
using Conclave.Http.Remote;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Http;

/// <summary>Puts the endpoints together.</summary>
public static class HttpApi
{
    /// <summary>A front end with all endpoints.</summary>
    /// <param name="options">How to behave.</param>
    /// <param name="gateway">The node.</param>
    /// <param name="agent">Services and checks of this agent.</param>
    /// <param name="control">The agent itself.</param>
    /// <param name="metrics">Numbers of the process.</param>
    /// <param name="events">Where user events arrive.</param>
    /// <param name="loggers">For failures.</param>
    /// <param name="servers">The way to the servers for an agent without a state of its own; null for one that has one.</param>
    /// <param name="streams">Subscriptions at them; null when such an agent makes none.</param>
    public static HttpFrontEnd Create(HttpOptions options, INodeGateway gateway, ILocalAgent agent, IAgentControl control, IAgentMetrics metrics, EventLog events, ILoggerFactory loggers, IServerCalls? servers = null, IServiceStreams? streams = null)
    {
        var router = new Router();
        var reads = new ReadResponder(gateway, servers, streams);
        MapState(router, reads, control.Pools, control.Identity.Version);
        new EventEndpoints(gateway, control.Pools, events).Map(router);
        new AgentEndpoints(agent, control, metrics).Map(router);
        return new HttpFrontEnd(options, router, loggers.CreateLogger<HttpFrontEnd>()) { Views = reads.Views };
    }

    /// <summary>Adds the endpoints that need the node and the gossip pools only.</summary>
    internal static void MapState(Router router, ReadResponder reads, IAgentPools pools, string version)
    {
        IEndpoints[] all =
        [
            new KvEndpoints(reads), new TxnEndpoints(reads), new SessionEndpoints(reads), new CatalogEndpoints(reads), new HealthEndpoints(reads), new CoordinateEndpoints(reads, pools),
            new StatusEndpoints(reads), new OperatorEndpoints(reads), new ServerHealthEndpoints(reads, version), new KeyringEndpoint(pools), new AclEndpoints(),
            new PreparedQueryEndpoints(reads), new ConfigEntryEndpoints(reads), new ConnectEndpoints(reads), new SnapshotEndpoints(reads),
        ];
        foreach (var endpoints in all) endpoints.Map(router);
    }
}
