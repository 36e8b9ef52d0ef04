using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Http.Json;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>Service definitions as JSON: the body of a registration.</summary>
public static class ServiceJson
{
    /// <summary>Reads a definition; null for <c>null</c>. Unknown members are refused.</summary>
    public static ServiceDefinition? Read(ref JsonBody json)
    {
        if (!json.EnterObject("structs.ServiceDefinition")) return null;
        var service = new ServiceDefinition();
        CheckDefinition? check = null;
        List<CheckDefinition>? checks = null;
        while (json.NextMember())
        {
            if (json.Is("Check"u8)) check = CheckJson.Read(ref json);
            else if (json.Is("Checks"u8)) checks = CheckJson.ReadList(ref json);
            else service = ReadMember(ref json, service);
        }
        bool hasCheck = check is not null && check != new CheckDefinition();
        return service with { Checks = [.. hasCheck ? [check!] : Array.Empty<CheckDefinition>(), .. checks ?? []] };
    }

    private static ServiceDefinition ReadMember(ref JsonBody json, ServiceDefinition service)
    {
        if (json.Is("ID"u8)) return service with { Id = json.Text() };
        if (json.Is("Name"u8)) return service with { Name = json.Text() };
        if (json.Is("Kind"u8)) return service with { Kind = json.Text() };
        if (json.Is("Tags"u8)) return service with { Tags = json.TextList() };
        if (json.Is("Address"u8)) return service with { Address = json.Text() };
        if (json.Is("Port"u8)) return service with { Port = json.Int32() };
        if (json.Is("SocketPath"u8) || json.Is("socket_path"u8)) return service with { SocketPath = json.Text() };
        if (json.Is("Meta"u8)) return service with { Meta = json.TextMap() };
        if (json.Is("Weights"u8)) return service with { Weights = ReadWeights(ref json) };
        if (json.Is("TaggedAddresses"u8) || json.Is("tagged_addresses"u8)) return ReadAddresses(ref json) is { } addresses ? service with { TaggedAddresses = addresses } : service;
        if (json.Is("EnableTagOverride"u8) || json.Is("enable_tag_override"u8)) return service with { EnableTagOverride = json.Bool() };
        if (json.Is("Token"u8)) return service with { Token = json.Text() };
        if (json.Is("Proxy"u8)) return service with { Proxy = ProxyFieldNames.Canonical(TreeJson.ReadMap(ref json)) };
        if (json.Is("Connect"u8)) return ReadConnect(ref json, service);
        // Sent by newer libraries; without meaning here.
        if (!json.Is("Namespace"u8) && !json.Is("Partition"u8) && !json.Is("Locality"u8) && !json.Is("Ports"u8)) json.RefuseUnknown();
        json.Skip();
        return service;
    }

    private static ServiceDefinition ReadConnect(ref JsonBody json, ServiceDefinition service)
    {
        if (!json.EnterObject("structs.ServiceConnect")) return service;
        while (json.NextMember())
        {
            if (json.Is("SidecarService"u8) || json.Is("sidecar_service"u8)) service = service with { Sidecar = Read(ref json) };
            else if (json.Is("Native"u8)) service = json.Bool() ? service with { Connect = new() { Fields = [new("Native", true)] } } : service;
            else
            {
                if (!json.Is("Proxy"u8) && !json.Is("PeerMeta"u8)) json.RefuseUnknown();
                json.Skip();
            }
        }
        return service;
    }

    /// <summary>Reads weights; null for <c>null</c>.</summary>
    public static ServiceWeights? ReadWeights(ref JsonBody json)
    {
        if (!json.EnterObject("structs.Weights")) return null;
        int passing = 0, warning = 0;
        while (json.NextMember())
        {
            if (json.Is("Passing"u8)) passing = json.Int32();
            else if (json.Is("Warning"u8)) warning = json.Int32();
            else json.RefuseUnknown();
        }
        return new(passing, warning);
    }

    /// <summary>Reads named addresses; null for <c>null</c>.</summary>
    public static SortedDictionary<string, ServiceAddress>? ReadAddresses(ref JsonBody json)
    {
        if (!json.EnterObject("map[string]structs.ServiceAddress")) return null;
        var addresses = new SortedDictionary<string, ServiceAddress>(StringComparer.Ordinal);
        while (json.NextMember())
        {
            string name = json.MemberName;
            addresses[name] = ReadAddress(ref json);
        }
        return addresses;
    }

    private static ServiceAddress ReadAddress(ref JsonBody json)
    {
        string address = "";
        int port = 0;
        if (!json.EnterObject("structs.ServiceAddress")) return default;
        while (json.NextMember())
        {
            if (json.Is("Address"u8)) address = json.Text();
            else if (json.Is("Port"u8)) port = json.Int32();
            else json.RefuseUnknown();
        }
        return new(address, port);
    }
}
