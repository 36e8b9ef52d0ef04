using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent.Local;

/// <summary>What makes a service registration valid and what it becomes in the catalog: Consul's rules and texts.</summary>
internal static class ServiceRules
{
    private const int MetaPairsMax = 64;
    private const int MetaKeyMax = 128;
    private const int MetaValueMax = 512;
    private const string MetaReservedPrefix = "consul-";
    private const string ConnectProxy = "connect-proxy";

    /// <summary>What is wrong with a registration, or null. Nothing but the definition is looked at.</summary>
    public static string? Validate(ServiceDefinition service)
    {
        if (service.Name.Length == 0) return "Missing service name";
        if (service.Address is "0.0.0.0" or "::" or "[::]") return "Invalid service address";
        if (service.Weights is { } weights && ValidateWeights(weights) is { } badWeights) return "Invalid Weights: " + badWeights;
        if (ValidateMeta(service.Meta) is { } badMeta) return "Invalid Service Meta: " + badMeta;
        if (ValidateKind(service) is { } badKind) return badKind;
        if (ValidateChecks(service, "Invalid check: ") is { } badCheck) return badCheck;
        if (service.Sidecar is not { } sidecar) return null;
        if (sidecar.Sidecar is not null) return "Invalid SidecarService: sidecar service can't have a nested sidecar";
        if (ValidateMeta(sidecar.Meta) is { } badSidecarMeta) return "Invalid SidecarService: " + badSidecarMeta;
        return ValidateChecks(sidecar, "Invalid check in sidecar_service: ");
    }

    /// <summary>The catalog form of a definition: id, weights and tagged addresses filled in.</summary>
    public static NodeService ToNodeService(ServiceDefinition service, bool isSidecar) => new()
    {
        Kind = service.Kind,
        Id = service.Id.Length > 0 ? service.Id : service.Name,
        Service = service.Name,
        Tags = service.Tags ?? [],
        Address = service.Address,
        TaggedAddresses = TaggedAddresses(service),
        Meta = service.Meta,
        Port = service.Port,
        SocketPath = service.SocketPath,
        Weights = service.Weights ?? ServiceWeights.Default,
        EnableTagOverride = service.EnableTagOverride,
        Proxy = service.Proxy,
        Connect = service.Connect,
        LocallyRegisteredAsSidecar = isSidecar,
    };

    /// <summary>Id of the sidecar that belongs to a service unless the definition names another.</summary>
    public static string SidecarId(string serviceId) => serviceId + "-sidecar-proxy";

    /// <summary>The sidecar of <paramref name="parent"/> with its defaults filled in.</summary>
    public static ServiceDefinition Sidecar(NodeService parent, string parentToken, ServiceDefinition sidecar, int port)
    {
        var filled = sidecar with
        {
            Kind = sidecar.Kind.Length > 0 ? sidecar.Kind : ConnectProxy,
            Id = SidecarId(parent.Id),
            Name = sidecar.Name.Length > 0 ? sidecar.Name : parent.Service + "-sidecar-proxy",
            Tags = sidecar.Tags is { Count: > 0 } ? sidecar.Tags : parent.Tags,
            Meta = sidecar.Meta is { Count: > 0 } ? sidecar.Meta : parent.Meta,
            Port = port,
            Token = sidecar.Token.Length > 0 ? sidecar.Token : parentToken,
            Proxy = SidecarProxy(parent, sidecar.Proxy),
        };
        return filled.Checks.Count > 0 ? filled : filled with { Checks = SidecarChecks(parent, port) };
    }

    private static CheckDefinition[] SidecarChecks(NodeService parent, int port) =>
    [
        new() { Name = "Connect Sidecar Listening", Tcp = $"127.0.0.1:{port}", Interval = TimeSpan.FromSeconds(10) },
        new() { Name = "Connect Sidecar Aliasing " + parent.Id, AliasService = parent.Id },
    ];

    private static MsgPackMap SidecarProxy(NodeService parent, MsgPackMap? given)
    {
        var fields = new List<KeyValuePair<string, object?>>();
        if (given is not null)
            foreach (var field in given.Fields)
                if (!IsEmpty(field.Value)) fields.Add(field);
        AddDefault(fields, "DestinationServiceName", Text(parent.Service));
        AddDefault(fields, "DestinationServiceID", Text(parent.Id));
        AddDefault(fields, "LocalServiceAddress", Text("127.0.0.1"));
        AddDefault(fields, "LocalServicePort", (long)parent.Port);
        return new() { Fields = fields };
    }

    private static void AddDefault(List<KeyValuePair<string, object?>> fields, string name, object value)
    {
        foreach (var field in fields)
            if (field.Key == name) return;
        fields.Add(new(name, value));
    }

    private static bool IsEmpty(object? value) => value is null or 0L or false || value is ReadOnlyMemory<byte> { Length: 0 };

    private static object Text(string text) => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(text);

    private static IReadOnlyDictionary<string, ServiceAddress>? TaggedAddresses(ServiceDefinition service)
    {
        bool isIp = IPAddress.TryParse(service.Address, out var ip) && !service.Address.StartsWith('[');
        if (!isIp && service.TaggedAddresses is not { Count: > 0 }) return null;
        var all = new SortedDictionary<string, ServiceAddress>(StringComparer.Ordinal);
        if (service.TaggedAddresses is not null)
            foreach (var (name, address) in service.TaggedAddresses) all[name] = address;
        if (!isIp) return all;
        string family = ip!.AddressFamily == AddressFamily.InterNetwork || ip.IsIPv4MappedToIPv6 ? "ipv4" : "ipv6";
        var own = new ServiceAddress(service.Address, service.Port);
        all.TryAdd("lan_" + family, own);
        all.TryAdd("wan_" + family, own);
        return all;
    }

    private static string? ValidateWeights(ServiceWeights weights)
    {
        if (weights.Passing < 1) return "Passing must be greater than 0";
        if (weights.Warning < 0) return "Warning must be greater or equal than 0";
        return weights.Passing > 65535 || weights.Warning > 65535 ? "DNS Weight must be between 0 and 65535" : null;
    }

    private static string? ValidateMeta(IReadOnlyDictionary<string, string>? meta)
    {
        if (meta is null) return null;
        if (meta.Count > MetaPairsMax) return $"Node metadata cannot contain more than {MetaPairsMax} key/value pairs";
        foreach (var (key, value) in meta)
            if (ValidateMetaPair(key, value) is { } wrong) return $"Couldn't load metadata pair ('{key}', '{value}'): {wrong}";
        return null;
    }

    private static string? ValidateMetaPair(string key, string value)
    {
        if (key.Length == 0) return "Key cannot be blank";
        foreach (char c in key)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-')) return "Key contains invalid characters";
        if (key.Length > MetaKeyMax) return $"Key is too long (limit: {MetaKeyMax} characters)";
        if (key.StartsWith(MetaReservedPrefix, StringComparison.Ordinal)) return $"Key prefix '{MetaReservedPrefix}' is reserved for internal use";
        return Encoding.UTF8.GetByteCount(value) > MetaValueMax ? $"Value is too long (limit: {MetaValueMax} characters)" : null;
    }

    private static string? ValidateKind(ServiceDefinition service)
    {
        if (service.Kind is not ("" or ConnectProxy or "mesh-gateway" or "terminating-gateway" or "ingress-gateway"))
            return $"Invalid service kind: {service.Kind}";
        if (service.Kind != ConnectProxy) return null;
        var errors = new List<string>();
        string destination = ProxyText(service.Proxy, "DestinationServiceName");
        if (destination.Trim().Length == 0) errors.Add("Proxy.DestinationServiceName must be non-empty for Connect proxy services");
        if (destination == "*") errors.Add("Proxy.DestinationServiceName must not be a wildcard for Connect proxy services");
        if (service.Port == 0 && service.SocketPath.Length == 0) errors.Add("Port or SocketPath must be set for a Connect proxy");
        if (IsNative(service.Connect)) errors.Add("A Proxy cannot also be Connect Native, only typical services");
        return errors.Count == 0 ? null : Several(errors);
    }

    private static string ProxyText(MsgPackMap? map, string name)
    {
        if (map is not null)
            foreach (var field in map.Fields)
                if (field.Key == name && field.Value is ReadOnlyMemory<byte> text) return Encoding.UTF8.GetString(text.Span);
        return "";
    }

    private static bool IsNative(MsgPackMap? connect)
    {
        if (connect is null) return false;
        foreach (var field in connect.Fields)
            if (field is { Key: "Native", Value: true }) return true;
        return false;
    }

    private static string Several(List<string> errors)
    {
        var text = new StringBuilder(errors.Count == 1 ? "1 error occurred:\n" : $"{errors.Count} errors occurred:\n");
        foreach (string error in errors) text.Append("\t* ").Append(error).Append('\n');
        return text.Append('\n').ToString();
    }

    private static string? ValidateChecks(ServiceDefinition service, string prefix)
    {
        foreach (var check in service.Checks)
            if (CheckRules.Validate(check) is { } wrong) return prefix + wrong;
        foreach (var check in service.Checks)
            if (check.Status.Length > 0 && !CheckRules.IsStatus(check.Status)) return "Status for checks must 'passing', 'warning', 'critical'";
        return null;
    }
}
