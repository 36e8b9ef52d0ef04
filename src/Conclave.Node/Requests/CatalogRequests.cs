using Conclave.Core.Model;

namespace Conclave.Node.Requests;

/// <summary>What must hold of a registration before it may be logged, and what the leader fills in.</summary>
public static class CatalogRequests
{
    /// <summary>Null when <paramref name="request"/> may be proposed, else Consul's text. <paramref name="prepared"/> is the request with its defaults filled in: the same object when nothing was missing.</summary>
    public static string? Prepare(RegisterRequest request, out RegisterRequest prepared)
    {
        prepared = request;
        if (RefuseNode(request.Node, request.Id) is { } refusal) return refusal;
        if (request.Address.Length == 0 && !request.SkipNodeUpdate) return "Must provide address if SkipNodeUpdate is not set";

        var service = request.Service;
        if (service is not null && PrepareService(service, out service) is { } badService) return badService;

        var checks = PrepareChecks(request);
        if (ReferenceEquals(service, request.Service) && ReferenceEquals(checks, request.Checks) && request.Check is null) return null;
        prepared = new RegisterRequest
        {
            Datacenter = request.Datacenter,
            Id = request.Id,
            Node = request.Node,
            Address = request.Address,
            TaggedAddresses = request.TaggedAddresses,
            NodeMeta = request.NodeMeta,
            Service = service,
            Checks = checks,
            SkipNodeUpdate = request.SkipNodeUpdate,
            CreateIndex = request.CreateIndex,
            ModifyIndex = request.ModifyIndex,
        };
        return null;
    }

    /// <summary>Null when <paramref name="request"/> may be proposed, else Consul's text.</summary>
    public static string? Refuse(DeregisterRequest request) => request.Node.Length == 0 ? "Must provide node" : null;

    /// <summary>Checks the name and the id of a node.</summary>
    public static string? RefuseNode(string name, string id)
    {
        if (name.Length == 0) return "Must provide node";
        return id.Length != 0 && Uuid.Refuse(id) is { } refusal ? "Bad node ID: " + refusal : null;
    }

    /// <summary>Checks a service instance and fills in its id.</summary>
    public static string? PrepareService(NodeService service, out NodeService prepared)
    {
        prepared = service;
        if (RefuseKind(service) is { } refusal) return refusal;
        if (service.Id.Length == 0 && service.Service.Length != 0) prepared = service with { Id = service.Service };
        if (prepared.Id.Length != 0 && prepared.Service.Length == 0) return "Must provide service name with ID";
        return IsAnyAddress(service.Address) ? "Invalid service address" : null;
    }

    /// <summary>Fills in the id of a check from its name: all that happens to checks in transactions.</summary>
    public static HealthCheck NameCheck(HealthCheck check) => check.CheckId.Length == 0 && check.Name.Length != 0 ? check with { CheckId = check.Name } : check;

    /// <summary>Fills in the id (from the name), the node and the kind of a check.</summary>
    public static HealthCheck PrepareCheck(HealthCheck check, string node)
    {
        check = NameCheck(check);
        if (check.Node.Length == 0 && node.Length != 0) check = check with { Node = node };
        if (check.Type.Length == 0 && KindOf(check.Definition) is { Length: > 0 } kind) check = check with { Type = kind };
        return check;
    }

    // The single check of the old form moves to the end of the list.
    private static IReadOnlyList<HealthCheck>? PrepareChecks(RegisterRequest request)
    {
        int count = (request.Checks?.Count ?? 0) + (request.Check is null ? 0 : 1);
        if (count == 0) return request.Checks;

        var prepared = new HealthCheck[count];
        bool changed = request.Check is not null;
        for (int i = 0; i < count; i++)
        {
            var check = i < (request.Checks?.Count ?? 0) ? request.Checks![i] : request.Check!;
            prepared[i] = PrepareCheck(check, request.Node);
            changed |= !ReferenceEquals(prepared[i], check);
        }
        return changed ? prepared : request.Checks;
    }

    private static string? RefuseKind(NodeService service)
    {
        switch (service.Kind)
        {
            case "":
                return null;
            case "connect-proxy":
                if (service.Proxy?.Fields is not { } fields || !HasText(fields, "DestinationServiceName")) return "Proxy.DestinationServiceName must be non-empty for Connect proxy services";
                return service.Port == 0 && service.SocketPath.Length == 0 ? "Port or SocketPath must be set for a Connect proxy" : null;
            case "mesh-gateway" or "terminating-gateway" or "ingress-gateway":
                return service.Port == 0 && service.Kind == "mesh-gateway" ? "Port must be non-zero for a mesh-gateway" : null;
            default:
                return null;
        }
    }

    private static bool HasText(IReadOnlyList<KeyValuePair<string, object?>> fields, string name)
    {
        foreach (var (key, value) in fields)
            if (key == name && value is ReadOnlyMemory<byte> { Length: > 0 }) return true;
        return false;
    }

    private static bool IsAnyAddress(string address) => address is "0.0.0.0" or "::" or "[::]";

    private static string KindOf(HealthCheckDefinition definition)
    {
        if (definition.ScriptArgs is { Count: > 0 }) return definition.DockerContainerId.Length != 0 ? "docker" : "script";
        if (definition.Http.Length != 0) return "http";
        if (definition.TtlNanoseconds != 0) return "ttl";
        if (definition.Tcp.Length != 0) return "tcp";
        if (definition.Udp.Length != 0) return "udp";
        if (definition.AliasNode.Length != 0 || definition.AliasService.Length != 0) return "alias";
        if (definition.Grpc.Length != 0) return "grpc";
        return definition.H2Ping.Length != 0 ? "h2ping" : "";
    }
}
