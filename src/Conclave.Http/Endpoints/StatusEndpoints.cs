using Conclave.Http.Blocking;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/status/</c>: who leads, who votes.</summary>
public sealed class StatusEndpoints(ReadResponder reads) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/status/leader", HttpVerbs.Get, Leader);
        router.Add("/v1/status/peers", HttpVerbs.Get, Peers);
    }

    private ValueTask Leader(ApiRequest request)
    {
        if (request.IsForeignDatacenter(_gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        return reads.Servers is { } servers ? LeaderAtServersAsync(request, servers) : SendLeader(request, _gateway.Status.LeaderAddress);
    }

    private ValueTask Peers(ApiRequest request)
    {
        if (request.IsForeignDatacenter(_gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        return reads.Servers is { } servers ? PeersAtServersAsync(request, servers) : SendPeers(request, _gateway.Status.PeerAddresses);
    }

    private async ValueTask LeaderAtServersAsync(ApiRequest request, IServerCalls servers)
    {
        var (leader, error) = await servers.ReadAsync("Status.Leader", Arguments, static result => RowResults.ReadText(result.Span)).ConfigureAwait(false);
        if (error is not null) await request.SendErrorAsync(error).ConfigureAwait(false);
        else await SendLeader(request, leader).ConfigureAwait(false);
    }

    private async ValueTask PeersAtServersAsync(ApiRequest request, IServerCalls servers)
    {
        var (peers, error) = await servers.ReadAsync("Status.Peers", Arguments, static result => RowResults.ReadTexts(result.Span)).ConfigureAwait(false);
        if (error is not null) await request.SendErrorAsync(error).ConfigureAwait(false);
        else await SendPeers(request, peers).ConfigureAwait(false);
    }

    private QueryArguments Arguments => new() { Datacenter = _gateway.Identity.Datacenter };

    private static ValueTask SendLeader(ApiRequest request, string leader)
    {
        request.StartJson().String(leader);
        return request.SendJsonAsync();
    }

    private static ValueTask SendPeers(ApiRequest request, IReadOnlyList<string> peers)
    {
        ModelJson.WriteTexts(request.StartJson(), peers);
        return request.SendJsonAsync();
    }
}
