using System.Buffers;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Http.Endpoints.Agent;
using Conclave.Http.Json;

namespace Conclave.Hosting.Agent.Store;

/// <summary>Content of the agent's files, in the form that the compatible agent keeps.</summary>
internal static class StoreJson
{
    private const string Prefix = "";

    public static byte[] Write(SaveService save)
    {
        var json = Start();
        json.BeginObject();
        Text(json, "Token"u8, save.Token);
        json.Name("Service"u8);
        WriteService(json, save.Service);
        Text(json, "Source"u8, "remote");
        json.EndObject();
        return Bytes(json);
    }

    public static byte[] Write(SaveCheck save)
    {
        var json = Start();
        json.BeginObject();
        json.Name("Check"u8);
        WriteCheck(json, save.Check);
        json.Name("ChkType"u8);
        if (save.Definition is null) json.Null();
        else CheckJson.Write(json, save.Definition);
        Text(json, "Token"u8, save.Token);
        Text(json, "Source"u8, "remote");
        json.EndObject();
        return Bytes(json);
    }

    public static byte[] Write(SaveCheckState state, long expiresUnixSeconds)
    {
        var json = Start();
        json.BeginObject();
        Text(json, "CheckID"u8, state.CheckId);
        Text(json, "Output"u8, state.Output);
        Text(json, "Status"u8, state.Status);
        json.Name("Expires"u8);
        json.Number(expiresUnixSeconds);
        json.EndObject();
        return Bytes(json);
    }

    /// <exception cref="Http.Requests.RequestDecodeException">The content is damaged.</exception>
    public static (NodeService Service, string Token) ReadService(byte[] content)
    {
        var json = new JsonBody(new ReadOnlySequence<byte>(content), Prefix);
        var service = new NodeService();
        string token = "";
        if (json.EnterObject())
            while (json.NextMember())
            {
                if (json.Is("Service"u8)) service = ReadNodeService(ref json);
                else if (json.Is("Token"u8)) token = json.Text();
                else json.Skip();
            }
        if (service.Id.Length == 0 || service.Service.Length == 0) json.Refuse("the service has no ID or no name");
        return (service, token);
    }

    /// <exception cref="Http.Requests.RequestDecodeException">The content is damaged.</exception>
    public static (HealthCheck Check, CheckDefinition? Definition) ReadCheck(byte[] content)
    {
        var json = new JsonBody(new ReadOnlySequence<byte>(content), Prefix);
        var check = new HealthCheck();
        CheckDefinition? definition = null;
        string token = "";
        if (json.EnterObject())
            while (json.NextMember())
            {
                if (json.Is("Check"u8)) check = ReadHealthCheck(ref json);
                else if (json.Is("ChkType"u8)) definition = CheckJson.Read(ref json);
                else if (json.Is("Token"u8)) token = json.Text();
                else json.Skip();
            }
        if (check.CheckId.Length == 0) json.Refuse("the check has no ID");
        return (check, definition is null ? null : definition with { Token = token });
    }

    /// <exception cref="Http.Requests.RequestDecodeException">The content is damaged.</exception>
    public static (string CheckId, string Status, string Output, long ExpiresUnixSeconds) ReadState(byte[] content)
    {
        var json = new JsonBody(new ReadOnlySequence<byte>(content), Prefix);
        string id = "", status = "", output = "";
        long expires = 0;
        if (json.EnterObject())
            while (json.NextMember())
            {
                if (json.Is("CheckID"u8)) id = json.Text();
                else if (json.Is("Status"u8)) status = json.Text();
                else if (json.Is("Output"u8)) output = json.Text();
                else if (json.Is("Expires"u8)) expires = json.Int64();
                else json.Skip();
            }
        return (id, status, output, expires);
    }

    private static NodeService ReadNodeService(ref JsonBody json)
    {
        var service = new NodeService { Weights = ServiceWeights.Default };
        if (!json.EnterObject()) return service;
        while (json.NextMember())
        {
            if (json.Is("ID"u8)) service = service with { Id = json.Text() };
            else if (json.Is("Service"u8)) service = service with { Service = json.Text() };
            else if (json.Is("Kind"u8)) service = service with { Kind = json.Text() };
            else if (json.Is("Tags"u8)) service = service with { Tags = json.TextList() ?? [] };
            else if (json.Is("Address"u8)) service = service with { Address = json.Text() };
            else if (json.Is("Port"u8)) service = service with { Port = json.Int32() };
            else if (json.Is("SocketPath"u8)) service = service with { SocketPath = json.Text() };
            else if (json.Is("Meta"u8)) service = service with { Meta = json.TextMap() };
            else if (json.Is("TaggedAddresses"u8)) service = service with { TaggedAddresses = ServiceJson.ReadAddresses(ref json) };
            else if (json.Is("Weights"u8)) service = service with { Weights = ServiceJson.ReadWeights(ref json) };
            else if (json.Is("EnableTagOverride"u8)) service = service with { EnableTagOverride = json.Bool() };
            else if (json.Is("Proxy"u8)) service = service with { Proxy = TreeJson.ReadMap(ref json) };
            else if (json.Is("Connect"u8)) service = service with { Connect = TreeJson.ReadMap(ref json) };
            else if (json.Is("LocallyRegisteredAsSidecar"u8)) service = service with { LocallyRegisteredAsSidecar = json.Bool() };
            else json.Skip();
        }
        return service;
    }

    private static HealthCheck ReadHealthCheck(ref JsonBody json)
    {
        var check = new HealthCheck();
        if (!json.EnterObject()) return check;
        while (json.NextMember())
        {
            if (json.Is("CheckID"u8)) check = check with { CheckId = json.Text() };
            else if (json.Is("Name"u8)) check = check with { Name = json.Text() };
            else if (json.Is("Notes"u8)) check = check with { Notes = json.Text() };
            else if (json.Is("ServiceID"u8)) check = check with { ServiceId = json.Text() };
            else if (json.Is("ServiceName"u8)) check = check with { ServiceName = json.Text() };
            else if (json.Is("ServiceTags"u8)) check = check with { ServiceTags = json.TextList() ?? [] };
            else if (json.Is("Type"u8)) check = check with { Type = json.Text() };
            else if (json.Is("Interval"u8)) check = check with { Interval = json.Text() };
            else if (json.Is("Timeout"u8)) check = check with { Timeout = json.Text() };
            else json.Skip();
        }
        return check;
    }

    private static void WriteService(JsonOut json, NodeService service)
    {
        json.BeginObject();
        Text(json, "Kind"u8, service.Kind);
        Text(json, "ID"u8, service.Id);
        Text(json, "Service"u8, service.Service);
        List(json, "Tags"u8, service.Tags);
        Text(json, "Address"u8, service.Address);
        WriteAddresses(json, service.TaggedAddresses);
        WriteMap(json, "Meta"u8, service.Meta);
        json.Name("Port"u8);
        json.Number(service.Port);
        Text(json, "SocketPath"u8, service.SocketPath);
        WriteWeights(json, service.Weights ?? ServiceWeights.Default);
        json.Name("EnableTagOverride"u8);
        json.Bool(service.EnableTagOverride);
        Tree(json, "Proxy"u8, service.Proxy);
        Tree(json, "Connect"u8, service.Connect);
        json.Name("LocallyRegisteredAsSidecar"u8);
        json.Bool(service.LocallyRegisteredAsSidecar);
        json.EndObject();
    }

    private static void WriteCheck(JsonOut json, HealthCheck check)
    {
        json.BeginObject();
        Text(json, "Node"u8, check.Node);
        Text(json, "CheckID"u8, check.CheckId);
        Text(json, "Name"u8, check.Name);
        Text(json, "Status"u8, check.Status);
        Text(json, "Notes"u8, check.Notes);
        Text(json, "ServiceID"u8, check.ServiceId);
        Text(json, "ServiceName"u8, check.ServiceName);
        List(json, "ServiceTags"u8, check.ServiceTags);
        Text(json, "Type"u8, check.Type);
        Text(json, "Interval"u8, check.Interval);
        Text(json, "Timeout"u8, check.Timeout);
        json.EndObject();
    }

    private static void WriteWeights(JsonOut json, ServiceWeights weights)
    {
        json.Name("Weights"u8);
        json.BeginObject();
        json.Name("Passing"u8);
        json.Number(weights.Passing);
        json.Name("Warning"u8);
        json.Number(weights.Warning);
        json.EndObject();
    }

    private static void WriteAddresses(JsonOut json, IReadOnlyDictionary<string, ServiceAddress>? addresses)
    {
        if (addresses is null) return;
        json.Name("TaggedAddresses"u8);
        json.BeginObject();
        foreach (var (name, address) in addresses)
        {
            json.Name(name);
            json.BeginObject();
            Text(json, "Address"u8, address.Address);
            json.Name("Port"u8);
            json.Number(address.Port);
            json.EndObject();
        }
        json.EndObject();
    }

    private static void WriteMap(JsonOut json, ReadOnlySpan<byte> name, IReadOnlyDictionary<string, string>? map)
    {
        if (map is null) return;
        json.Name(name);
        json.BeginObject();
        foreach (var (key, value) in map)
        {
            json.Name(key);
            json.String(value);
        }
        json.EndObject();
    }

    private static void List(JsonOut json, ReadOnlySpan<byte> name, IReadOnlyList<string>? list)
    {
        json.Name(name);
        json.BeginArray();
        foreach (string item in list ?? []) json.String(item);
        json.EndArray();
    }

    private static void Tree(JsonOut json, ReadOnlySpan<byte> name, MsgPackMap? tree)
    {
        if (tree is null) return;
        json.Name(name);
        TreeJson.Write(json, tree);
    }

    private static void Text(JsonOut json, ReadOnlySpan<byte> name, string value)
    {
        json.Name(name);
        json.String(value);
    }

    private static JsonOut Start()
    {
        var json = new JsonOut();
        json.Reset(pretty: false);
        return json;
    }

    private static byte[] Bytes(JsonOut json)
    {
        byte[] bytes = json.Written.ToArray();
        json.Release();
        return bytes;
    }
}
