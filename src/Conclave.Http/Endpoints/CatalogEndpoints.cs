using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Node.Filters;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/catalog/</c>: nodes and services as registered.</summary>
public sealed class CatalogEndpoints(ReadResponder reads) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;

    private string Datacenter => _gateway.Identity.Datacenter;

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/catalog/register", HttpVerbs.Put, Register);
        router.Add("/v1/catalog/deregister", HttpVerbs.Put, Deregister);
        router.Add("/v1/catalog/datacenters", HttpVerbs.Get, Datacenters);
        router.Add("/v1/catalog/nodes", HttpVerbs.Get, Nodes);
        router.Add("/v1/catalog/services", HttpVerbs.Get, Services);
        router.Add("/v1/catalog/service/", HttpVerbs.Get, Service);
        router.Add("/v1/catalog/connect/", HttpVerbs.Get, Connect);
        router.Add("/v1/catalog/node/", HttpVerbs.Get, request => Node(request, asList: false));
        router.Add("/v1/catalog/node-services/", HttpVerbs.Get, request => Node(request, asList: true));
        router.Add("/v1/catalog/gateway-services/", HttpVerbs.Get, GatewayServices);
    }

    private async ValueTask Register(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var registration = RegistrationReader.ReadRegister(new JsonBody(body.Bytes));
        request.ReleaseBody();
        if (IsForeign(registration.Datacenter)) await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
        else await Apply(request, CommandCodec.Encode(registration)).ConfigureAwait(false);
    }

    private async ValueTask Deregister(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var deregistration = RegistrationReader.ReadDeregister(new JsonBody(body.Bytes));
        request.ReleaseBody();
        if (IsForeign(deregistration.Datacenter)) await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
        else await Apply(request, CommandCodec.Encode(deregistration)).ConfigureAwait(false);
    }

    private async ValueTask Apply(ApiRequest request, byte[] command)
    {
        var result = await _gateway.ApplyAsync(command, default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await request.SendBoolAsync(true).ConfigureAwait(false);
    }

    private ValueTask Datacenters(ApiRequest request)
    {
        if (!request.TryReadOptions(out _)) return request.SendRefusalAsync();
        return reads.Servers is { } servers ? DatacentersAtServersAsync(request, servers) : SendDatacenters(request, [Datacenter]);
    }

    private static async ValueTask DatacentersAtServersAsync(ApiRequest request, IServerCalls servers)
    {
        var (datacenters, error) = await servers.ReadAsync("Catalog.ListDatacenters", new QueryArguments(), static result => RowResults.ReadTexts(result.Span)).ConfigureAwait(false);
        if (error is not null) await request.SendErrorAsync(error).ConfigureAwait(false);
        else await SendDatacenters(request, datacenters).ConfigureAwait(false);
    }

    private static ValueTask SendDatacenters(ApiRequest request, IReadOnlyList<string> datacenters)
    {
        ModelJson.WriteTexts(request.StartJson(), datacenters);
        return request.SendJsonAsync();
    }

    private ValueTask Nodes(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (!RowFilter.TryCompile(request, FilterSchemas.Nodes, out var condition, out var error)) return request.SendErrorAsync(error);
        var meta = request.NodeMeta();
        var datacenter = Datacenter;
        var query = new RowsQuery<NodeEntry>(
            (root, watches, into) => root.Nodes(meta, watches, into),
            (json, node) => ModelJson.Write(json, node, datacenter),
            condition,
            NearOrder.For<NodeEntry>(request, _gateway.Identity.NodeName, static node => node.Name))
        {
            AtServers = reads.Servers is null ? null : new RemoteRows<NodeEntry>("Catalog.ListNodes", "Nodes", NodeEntryCodec.Read, RemoteArguments.Of(request, _gateway.Identity)),
        };
        return reads.RespondAsync(request, query, options, ReadStyle.EffectiveConsistency);
    }

    private ValueTask Services(ApiRequest request)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        return reads.RespondAsync(request, new ServiceNamesQuery(request.NodeMeta(), Question(request, "Catalog.ListServices", static arguments => arguments)), options, ReadStyle.EffectiveConsistency | ReadStyle.Cacheable);
    }

    private ValueTask Service(ApiRequest request)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing service name");
        var service = request.RestText;
        var tags = request.Values(Param.Tag);
        var meta = request.NodeMeta();
        return Instances(request, options, connect: false, (root, watches, into) => root.ServiceNodes(service, tags, meta, watches, into));
    }

    private ValueTask Connect(ApiRequest request)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing service name");
        var service = request.RestText;
        var tags = request.Values(Param.Tag);
        var meta = request.NodeMeta();
        return Instances(request, options, connect: true, ConnectSource);

        ulong ConnectSource(State.StateRoot root, State.WatchSet? watches, List<ServiceNode> into)
        {
            var rows = new List<CheckServiceNode>();
            var index = root.CheckServiceNodes(service, tags, meta, connect: true, watches, rows);
            foreach (var row in rows) into.Add(new ServiceNode(row.Node, row.Service));
            return index;
        }
    }

    private ValueTask Instances(ApiRequest request, in ReadOptions options, bool connect, RowSource<ServiceNode> source)
    {
        if (!RowFilter.TryCompile(request, FilterSchemas.ServiceNodes, out var condition, out var error)) return request.SendErrorAsync(error);
        var datacenter = Datacenter;
        var query = new RowsQuery<ServiceNode>(source, (json, row) => ModelJson.Write(json, row, datacenter), condition,
            NearOrder.For<ServiceNode>(request, _gateway.Identity.NodeName, static row => row.Node.Name))
        {
            AtServers = reads.Servers is null ? null : new RemoteRows<ServiceNode>("Catalog.ServiceNodes", "ServiceNodes", CatalogRows.ReadServiceNode, RemoteArguments.OfService(request, _gateway.Identity, connect)),
        };
        return reads.RespondAsync(request, query, options, ReadStyle.EffectiveConsistency | ReadStyle.Cacheable);
    }

    private ValueTask Node(ApiRequest request, bool asList)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing node name");
        if (!RowFilter.TryCompile(request, FilterSchemas.NodeServices, out var condition, out var error)) return request.SendErrorAsync(error);
        string node = request.RestText;
        var question = Question(request, asList ? "Catalog.NodeServiceList" : "Catalog.NodeServices", arguments => arguments with { Node = node });
        return reads.RespondAsync(request, new NodeServicesQuery(node, Datacenter, asList, condition, question), options, ReadStyle.EffectiveConsistency);
    }

    // There are no gateways yet, so none serves anything.
    private ValueTask GatewayServices(ApiRequest request)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing gateway name");
        return reads.RespondAsync(request, new NothingQuery(Question(request, "Catalog.GatewayServices", static arguments => arguments)), options, ReadStyle.EffectiveConsistency);
    }

    private RemoteQuestion? Question(ApiRequest request, string method, Func<QueryArguments, QueryArguments> complete) =>
        reads.Servers is null ? null : new RemoteQuestion(method, complete(RemoteArguments.Of(request, _gateway.Identity)));

    private bool IsForeign(string datacenter) => _gateway.Identity.IsForeign(datacenter);
}
