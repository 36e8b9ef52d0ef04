using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Http.Blocking;
using Conclave.Http.Endpoints;
using Conclave.Http.Endpoints.Kv;
using Conclave.Http.Endpoints.Txn;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Http;

/// <summary>Puts the endpoints together.</summary>
public static class HttpApi
{
    /// <summary>A front end with all endpoints of this project and those given.</summary>
    /// <param name="options">How to behave.</param>
    /// <param name="gateway">The node.</param>
    /// <param name="identity">Who this agent is.</param>
    /// <param name="agent">Services and checks of this agent.</param>
    /// <param name="events">Where user events arrive.</param>
    /// <param name="others">Endpoints that need more than these, for example those of the agent itself.</param>
    /// <param name="loggers">For failures.</param>
    public static HttpFrontEnd Create(HttpOptions options, INodeGateway gateway, AgentIdentity identity, ILocalAgent agent, EventLog events, IEnumerable<IEndpoints> others, ILoggerFactory loggers)
    {
        var reads = new ReadResponder(gateway);
        var router = new Router();
        IEndpoints[] own =
        [
            new KvEndpoints(reads), new TxnEndpoints(reads), new SessionEndpoints(reads), new CatalogEndpoints(reads), new HealthEndpoints(reads), new CoordinateEndpoints(reads),
            new StatusEndpoints(gateway), new OperatorEndpoints(gateway, identity.Version), new EventEndpoints(gateway, agent, events), new AclEndpoints(),
        ];
        foreach (var endpoints in own) endpoints.Map(router);
        foreach (var endpoints in others) endpoints.Map(router);
        return new HttpFrontEnd(options, router, loggers.CreateLogger<HttpFrontEnd>());
    }
}
