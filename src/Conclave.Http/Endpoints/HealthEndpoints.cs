using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Node;
using Conclave.Node.Filters;
using Conclave.Rpc.Grpc;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/health/</c>: checks, and instances of services with their checks.</summary>
public sealed class HealthEndpoints(ReadResponder reads) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/health/node/", HttpVerbs.Get, OfNode);
        router.Add("/v1/health/checks/", HttpVerbs.Get, OfService);
        router.Add("/v1/health/state/", HttpVerbs.Get, InState);
        router.Add("/v1/health/service/", HttpVerbs.Get, request => Instances(request, connect: false));
        router.Add("/v1/health/connect/", HttpVerbs.Get, request => Instances(request, connect: true));
        router.Add("/v1/health/ingress/", HttpVerbs.Get, Ingress);
    }

    private ValueTask OfNode(ApiRequest request)
    {
        var node = request.RestText;
        return Checks(request, "Missing node name", "Health.NodeChecks", arguments => arguments with { Node = node }, (root, watches, into) => root.NodeChecks(node, watches, into));
    }

    private ValueTask OfService(ApiRequest request)
    {
        var service = request.RestText;
        var meta = request.NodeMeta();
        return Checks(request, "Missing service name", "Health.ServiceChecks", arguments => arguments with { ServiceName = service }, (root, watches, into) => root.ServiceChecks(service, meta, watches, into));
    }

    private ValueTask InState(ApiRequest request)
    {
        var state = request.RestText;
        var meta = request.NodeMeta();
        return Checks(request, "Missing check state", "Health.ChecksInState", arguments => arguments with { State = state }, (root, watches, into) => root.ChecksInState(state, meta, watches, into));
    }

    private ValueTask Checks(ApiRequest request, string missing, string method, Func<QueryArguments, QueryArguments> complete, RowSource<HealthCheck> source)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, missing);
        if (!RowFilter.TryCompile(request, FilterSchemas.HealthChecks, out var condition, out var error)) return request.SendErrorAsync(error);
        var order = NearOrder.For<HealthCheck>(request, _gateway.Identity.NodeName, static check => check.Node);
        var query = new RowsQuery<HealthCheck>(source, static (json, check) => ModelJson.Write(json, check), condition, order)
        {
            AtServers = reads.Servers is null ? null : new RemoteRows<HealthCheck>(method, "HealthChecks", HealthCheckCodec.Read, complete(RemoteArguments.Of(request, _gateway.Identity))),
        };
        return reads.RespondAsync(request, query, options, ReadStyle.EffectiveConsistency);
    }

    private ValueTask Instances(ApiRequest request, bool connect)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing service name");
        if (!TryReadPassing(request, out var passing)) return request.SendTextAsync(400, "Invalid value for ?passing");
        if (!RowFilter.TryCompile(request, FilterSchemas.CheckServiceNodes, out var condition, out var error)) return request.SendErrorAsync(error);
        var service = request.RestText;
        var tags = request.Values(Param.Tag);
        var meta = request.NodeMeta();
        var datacenter = _gateway.Identity.Datacenter;
        var query = new RowsQuery<CheckServiceNode>(
            (root, watches, into) => root.CheckServiceNodes(service, tags, meta, connect, watches, into),
            (json, row) => ModelJson.Write(json, row, datacenter),
            passing ? And(IsPassing, condition) : condition,
            NearOrder.For<CheckServiceNode>(request, _gateway.Identity.NodeName, static row => row.Node.Name))
        {
            AtServers = AtServers(RemoteArguments.OfService(request, _gateway.Identity, connect)),
            FromStream = FromStream(request, service, tags, meta, connect),
        };
        return reads.RespondAsync(request, query, options, ReadStyle.EffectiveConsistency | ReadStyle.Cacheable);
    }

    // There are no gateways yet, so no service is reached through one.
    private ValueTask Ingress(ApiRequest request)
    {
        if (!request.TryRefuseNamespace() || !request.TryReadOptions(out var options)) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing service name");
        if (!TryReadPassing(request, out _)) return request.SendTextAsync(400, "Invalid value for ?passing");
        var query = new RowsQuery<CheckServiceNode>(static (_, _, _) => 1, static (_, _) => { }, static _ => false)
        {
            AtServers = AtServers(RemoteArguments.OfService(request, _gateway.Identity, connect: false) with { Ingress = true }),
        };
        return reads.RespondAsync(request, query, options, ReadStyle.EffectiveConsistency | ReadStyle.Cacheable);
    }

    private RemoteRows<CheckServiceNode>? AtServers(QueryArguments arguments) =>
        reads.Servers is null ? null : new RemoteRows<CheckServiceNode>("Health.ServiceNodes", "Nodes", CatalogRows.ReadCheckServiceNode, arguments);

    // Distances between nodes are known to servers only.
    private StreamedRows<CheckServiceNode>? FromStream(ApiRequest request, string service, IReadOnlyList<string>? tags, IReadOnlyList<KeyValuePair<string, string>>? meta, bool connect) =>
        reads.Servers is null || request.Has(Param.Near) ? null : new StreamedRows<CheckServiceNode>(
            new StreamQuestion(connect ? StreamTopic.ServiceHealthConnect : StreamTopic.ServiceHealth, service),
            static rows => rows.Rows,
            row => CatalogConditions.HasTags(row.Service, tags) && CatalogConditions.Carries(row.Node, meta));

    private static bool IsPassing(CheckServiceNode row)
    {
        for (var i = 0; i < row.Checks.Count; i++)
            if (row.Checks[i].Status != HealthStatus.Passing) return false;
        return true;
    }

    private static Predicate<T> And<T>(Predicate<T> first, Predicate<T>? second) => second is null ? first : row => first(row) && second(row);

    private static bool TryReadPassing(ApiRequest request, out bool passing)
    {
        passing = false;
        if (!request.Has(Param.Passing)) return true;
        switch (request.Text(Param.Passing))
        {
            case "" or "1" or "t" or "T" or "TRUE" or "true" or "True":
                passing = true;
                return true;
            case "0" or "f" or "F" or "FALSE" or "false" or "False":
                return true;
            default:
                return false;
        }
    }
}
