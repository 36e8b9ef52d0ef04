using Conclave.Core.Model;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>Names of a proxy's settings: bodies spell them in any case and with underscores, the catalog knows one spelling.</summary>
internal static class ProxyFieldNames
{
    private static readonly string[] Known =
    [
        "DestinationServiceName", "DestinationServiceID", "LocalServiceAddress", "LocalServicePort", "LocalServiceSocketPath", "Mode", "Config", "Upstreams",
        "MeshGateway", "Expose", "TransparentProxy",
    ];

    /// <summary>The same settings under their canonical names; unknown names stay.</summary>
    public static MsgPackMap? Canonical(MsgPackMap? proxy)
    {
        if (proxy is null) return null;
        var fields = new List<KeyValuePair<string, object?>>(proxy.Fields.Count);
        foreach (var (name, value) in proxy.Fields) fields.Add(new(Canonical(name), value));
        return new() { Fields = fields };
    }

    private static string Canonical(string name)
    {
        string plain = name.Replace("_", "", StringComparison.Ordinal);
        foreach (string known in Known)
            if (known.Equals(plain, StringComparison.OrdinalIgnoreCase)) return known;
        return name;
    }
}
