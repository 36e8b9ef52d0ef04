using Conclave.Http;
using Conclave.Http.Blocking;
using Conclave.Http.Endpoints;
using Conclave.Http.Endpoints.Kv;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>Puts the HTTP front end together.</summary>
internal static class HttpComposition
{
    /// <summary>A front end with all endpoints.</summary>
    public static HttpFrontEnd Create(HttpOptions options, INodeGateway gateway, IEndpoints agent, ILoggerFactory loggers)
    {
        var reads = new ReadResponder(gateway);
        IEndpoints[] all =
        [
            new KvEndpoints(reads),
            new SessionEndpoints(reads),
            new CatalogEndpoints(reads),
            new HealthEndpoints(reads),
            new StatusEndpoints(gateway),
            agent,
        ];
        var router = new Router();
        foreach (var endpoints in all) endpoints.Map(router);
        return new HttpFrontEnd(options, router, loggers.CreateLogger<HttpFrontEnd>());
    }
}
