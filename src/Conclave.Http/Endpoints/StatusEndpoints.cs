using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/status/</c>: who leads, who votes.</summary>
public sealed class StatusEndpoints(INodeGateway gateway) : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/status/leader", HttpVerbs.Get, Leader);
        router.Add("/v1/status/peers", HttpVerbs.Get, Peers);
    }

    private ValueTask Leader(ApiRequest request)
    {
        if (request.IsForeignDatacenter(gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        request.StartJson().String(gateway.Status.LeaderAddress);
        return request.SendJsonAsync();
    }

    private ValueTask Peers(ApiRequest request)
    {
        if (request.IsForeignDatacenter(gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        Models.ModelJson.WriteTexts(request.StartJson(), gateway.Status.PeerAddresses);
        return request.SendJsonAsync();
    }
}
