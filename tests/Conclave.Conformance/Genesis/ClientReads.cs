using static Conclave.Conformance.Genesis.Shape;

namespace Conclave.Conformance.Genesis;

/// <summary>Every read that the client sends, with the model that it decodes the answer into. <c>{node}</c> stands for the server's own node.</summary>
internal static class ClientReads
{
    /// <summary>Whether the client takes 404 for an empty result.</summary>
    public static bool MayBeMissing(string target) => target.StartsWith("/v1/kv/", StringComparison.Ordinal);

    public static IReadOnlyDictionary<string, Shape> All { get; } = new Dictionary<string, Shape>
    {
        ["/v1/status/leader"] = Text,
        ["/v1/status/peers"] = ListOf(Text),
        ["/v1/agent/self"] = ClientModels.Self,
        ["/v1/agent/checks"] = MapOf(ClientModels.HealthCheck),
        ["/v1/agent/services"] = MapOf(ClientModels.Service),
        ["/v1/agent/members"] = ListOf(ClientModels.Member),
        ["/v1/kv/?recurse=true"] = ListOf(ClientModels.KeyValue),
        ["/v1/kv/app?recurse=true"] = ListOf(ClientModels.KeyValue),
        ["/v1/kv/app%2Fone"] = ListOf(ClientModels.KeyValue),
        ["/v1/kv/app?keys=true&separator=/"] = ListOf(Text),
        ["/v1/health/node/{node}"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/node/outside"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/checks/web"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/state/any"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/state/passing"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/state/critical"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/state/unknown"] = ListOf(ClientModels.HealthCheck),
        ["/v1/health/service/web"] = ListOf(ClientModels.ServiceHealth),
        ["/v1/health/service/web?passing=true"] = ListOf(ClientModels.ServiceHealth),
        ["/v1/health/service/web?cached=&near=_agent"] = ListOf(ClientModels.ServiceHealth),
        ["/v1/health/service/billing?stale="] = ListOf(ClientModels.ServiceHealth),
        ["/v1/catalog/datacenters"] = ListOf(Text),
        ["/v1/catalog/nodes"] = ListOf(ClientModels.Node),
        ["/v1/catalog/nodes?consistent="] = ListOf(ClientModels.Node),
        ["/v1/catalog/node/{node}"] = ClientModels.CatalogNode,
        ["/v1/catalog/services"] = MapOf(ListOf(Text)),
        ["/v1/catalog/service/web"] = ListOf(ClientModels.CatalogService),
        ["/v1/catalog/service/web?tag=blue&tag=v1"] = ListOf(ClientModels.CatalogService),
        ["/v1/catalog/service/billing"] = ListOf(ClientModels.CatalogService),
        ["/v1/session/list"] = ListOf(ClientModels.Session),
        ["/v1/event/list"] = ListOf(ClientModels.Event),
        ["/v1/coordinate/datacenters"] = ListOf(ClientModels.DatacenterCoordinates),
        ["/v1/coordinate/nodes"] = ListOf(ClientModels.Coordinate),
        ["/v1/operator/raft/configuration"] = ClientModels.RaftConfiguration,
    };

    /// <summary>Reads whose list must be <c>[]</c> when empty: a null list breaks the caller.</summary>
    public static bool MustNotBeNull(string target) =>
        target.StartsWith("/v1/health/", StringComparison.Ordinal) || target.StartsWith("/v1/catalog/", StringComparison.Ordinal);
}
