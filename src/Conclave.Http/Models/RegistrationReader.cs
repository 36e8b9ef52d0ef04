using Conclave.Core.Model;
using Conclave.Http.Json;

namespace Conclave.Http.Models;

/// <summary>Reads registrations from JSON bodies: exactly the fields the compatible server knows, others are refused.</summary>
public static class RegistrationReader
{
    /// <summary>Reads the body of <c>catalog/register</c>.</summary>
    public static RegisterRequest ReadRegister(JsonBody json)
    {
        string datacenter = "", id = "", node = "", address = "", token = "";
        IReadOnlyDictionary<string, string>? tagged = null, meta = null;
        NodeService? service = null;
        HealthCheck? check = null;
        List<HealthCheck>? checks = null;
        var skip = false;
        if (json.EnterObject())
        {
            while (json.NextMember())
            {
                if (json.Is("Datacenter"u8)) datacenter = json.Text();
                else if (json.Is("ID"u8)) id = json.Text();
                else if (json.Is("Node"u8)) node = json.Text();
                else if (json.Is("Address"u8)) address = json.Text();
                else if (json.Is("TaggedAddresses"u8)) tagged = json.TextMap();
                else if (json.Is("NodeMeta"u8)) meta = json.TextMap();
                else if (json.Is("Service"u8)) service = ReadService(ref json);
                else if (json.Is("Check"u8)) check = ReadCheck(ref json);
                else if (json.Is("Checks"u8)) checks = ReadChecks(ref json);
                else if (json.Is("SkipNodeUpdate"u8)) skip = json.Bool();
                else if (json.Is("WriteRequest"u8)) token = ReadWriteRequest(ref json);
                else if (json.Is("Token"u8)) token = json.Text();
                else if (json.Is("CreateIndex"u8) || json.Is("ModifyIndex"u8)) json.Skip();
                else json.RefuseUnknown();
            }
        }
        return new RegisterRequest
        {
            Datacenter = datacenter, Id = id, Node = node, Address = address, TaggedAddresses = tagged, NodeMeta = meta,
            Service = service, Check = check, Checks = checks, SkipNodeUpdate = skip, Token = token,
        };
    }

    /// <summary>Reads the body of <c>catalog/deregister</c>.</summary>
    public static DeregisterRequest ReadDeregister(JsonBody json)
    {
        string datacenter = "", node = "", serviceId = "", checkId = "", token = "";
        if (json.EnterObject())
        {
            while (json.NextMember())
            {
                if (json.Is("Datacenter"u8)) datacenter = json.Text();
                else if (json.Is("Node"u8)) node = json.Text();
                else if (json.Is("ServiceID"u8)) serviceId = json.Text();
                else if (json.Is("CheckID"u8)) checkId = json.Text();
                else if (json.Is("WriteRequest"u8)) token = ReadWriteRequest(ref json);
                else if (json.Is("Token"u8)) token = json.Text();
                else json.RefuseUnknown();
            }
        }
        return new DeregisterRequest { Datacenter = datacenter, Node = node, ServiceId = serviceId, CheckId = checkId, Token = token };
    }

    /// <summary>Reads a service instance; null for <c>null</c>.</summary>
    public static NodeService? ReadService(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var service = new NodeService();
        while (json.NextMember())
        {
            if (json.Is("Kind"u8)) service = service with { Kind = json.Text() };
            else if (json.Is("ID"u8)) service = service with { Id = json.Text() };
            else if (json.Is("Service"u8)) service = service with { Service = json.Text() };
            else if (json.Is("Tags"u8)) service = service with { Tags = json.TextList() };
            else if (json.Is("Address"u8)) service = service with { Address = json.Text() };
            else if (json.Is("TaggedAddresses"u8)) service = service with { TaggedAddresses = ReadAddresses(ref json) };
            else if (json.Is("Meta"u8)) service = service with { Meta = json.TextMap() };
            else if (json.Is("Port"u8)) service = service with { Port = json.Int32() };
            else if (json.Is("SocketPath"u8)) service = service with { SocketPath = json.Text() };
            else if (json.Is("Weights"u8)) service = service with { Weights = ReadWeights(ref json) };
            else if (json.Is("EnableTagOverride"u8)) service = service with { EnableTagOverride = json.Bool() };
            else if (json.Is("Proxy"u8)) service = service with { Proxy = TreeJson.ReadMap(ref json) };
            else if (json.Is("Connect"u8)) service = service with { Connect = TreeJson.ReadMap(ref json) };
            else if (json.Is("CreateIndex"u8)) service = service with { CreateIndex = json.UInt64() };
            else if (json.Is("ModifyIndex"u8)) service = service with { ModifyIndex = json.UInt64() };
            else if (json.Is("Namespace"u8) || json.Is("Datacenter"u8) || json.Is("ContentHash"u8)) json.Skip();
            else json.RefuseUnknown();
        }
        return service;
    }

    /// <summary>Reads a check; null for <c>null</c>.</summary>
    public static HealthCheck? ReadCheck(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var check = new HealthCheck();
        while (json.NextMember())
        {
            if (json.Is("Node"u8)) check = check with { Node = json.Text() };
            else if (json.Is("CheckID"u8)) check = check with { CheckId = json.Text() };
            else if (json.Is("Name"u8)) check = check with { Name = json.Text() };
            else if (json.Is("Status"u8)) check = check with { Status = json.Text() };
            else if (json.Is("Notes"u8)) check = check with { Notes = json.Text() };
            else if (json.Is("Output"u8)) check = check with { Output = json.Text() };
            else if (json.Is("ServiceID"u8)) check = check with { ServiceId = json.Text() };
            else if (json.Is("ServiceName"u8)) check = check with { ServiceName = json.Text() };
            else if (json.Is("ServiceTags"u8)) check = check with { ServiceTags = json.TextList() };
            else if (json.Is("Type"u8)) check = check with { Type = json.Text() };
            else if (json.Is("Interval"u8)) check = check with { Interval = json.Text() };
            else if (json.Is("Timeout"u8)) check = check with { Timeout = json.Text() };
            else if (json.Is("ExposedPort"u8)) check = check with { ExposedPort = json.Int32() };
            else if (json.Is("Definition"u8)) check = check with { Definition = ReadDefinition(ref json) };
            else if (json.Is("CreateIndex"u8)) check = check with { CreateIndex = json.UInt64() };
            else if (json.Is("ModifyIndex"u8)) check = check with { ModifyIndex = json.UInt64() };
            else if (json.Is("Namespace"u8)) json.Skip();
            else json.RefuseUnknown();
        }
        return check;
    }

    /// <summary>Reads a node; null for <c>null</c>.</summary>
    public static NodeEntry? ReadNode(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var node = new NodeEntry { Name = "" };
        while (json.NextMember())
        {
            if (json.Is("ID"u8)) node = node with { Id = json.Text() };
            else if (json.Is("Node"u8)) node = node with { Name = json.Text() };
            else if (json.Is("Address"u8)) node = node with { Address = json.Text() };
            else if (json.Is("Datacenter"u8)) node = node with { Datacenter = json.Text() };
            else if (json.Is("TaggedAddresses"u8)) node = node with { TaggedAddresses = json.TextMap() };
            else if (json.Is("Meta"u8)) node = node with { Meta = json.TextMap() };
            else if (json.Is("CreateIndex"u8)) node = node with { CreateIndex = json.UInt64() };
            else if (json.Is("ModifyIndex"u8)) node = node with { ModifyIndex = json.UInt64() };
            else json.RefuseUnknown();
        }
        return node;
    }

    /// <summary>Reads weights; null for <c>null</c>.</summary>
    public static ServiceWeights? ReadWeights(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        int passing = 0, warning = 0;
        while (json.NextMember())
        {
            if (json.Is("Passing"u8)) passing = json.Int32();
            else if (json.Is("Warning"u8)) warning = json.Int32();
            else json.RefuseUnknown();
        }
        return new ServiceWeights(passing, warning);
    }

    /// <summary>Reads named addresses; null for <c>null</c>.</summary>
    public static TextMap<ServiceAddress>? ReadAddresses(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var addresses = new List<KeyValuePair<string, ServiceAddress>>();
        while (json.NextMember())
        {
            var name = json.MemberName;
            var (address, port) = ("", 0);
            if (json.EnterObject())
            {
                while (json.NextMember())
                {
                    if (json.Is("Address"u8)) address = json.Text();
                    else if (json.Is("Port"u8)) port = json.Int32();
                    else json.RefuseUnknown();
                }
            }
            addresses.Add(new(name, new ServiceAddress(address, port)));
        }
        return TextMap<ServiceAddress>.From(addresses);
    }

    private static List<HealthCheck>? ReadChecks(ref JsonBody json)
    {
        if (!json.EnterArray()) return null;
        var checks = new List<HealthCheck>();
        while (json.NextElement())
            if (ReadCheck(ref json) is { } check) checks.Add(check);
        return checks;
    }

    private static HealthCheckDefinition ReadDefinition(ref JsonBody json)
    {
        if (!json.EnterObject()) return HealthCheckDefinition.Empty;
        var definition = HealthCheckDefinition.Empty;
        while (json.NextMember())
        {
            if (json.Is("HTTP"u8)) definition = definition with { Http = json.Text() };
            else if (json.Is("TLSServerName"u8)) definition = definition with { TlsServerName = json.Text() };
            else if (json.Is("TLSSkipVerify"u8)) definition = definition with { TlsSkipVerify = json.Bool() };
            else if (json.Is("Header"u8)) definition = definition with { Header = ReadHeader(ref json) };
            else if (json.Is("Method"u8)) definition = definition with { Method = json.Text() };
            else if (json.Is("Body"u8)) definition = definition with { Body = json.Text() };
            else if (json.Is("TCP"u8)) definition = definition with { Tcp = json.Text() };
            else if (json.Is("UDP"u8)) definition = definition with { Udp = json.Text() };
            else if (json.Is("GRPC"u8)) definition = definition with { Grpc = json.Text() };
            else if (json.Is("GRPCUseTLS"u8)) definition = definition with { GrpcUseTls = json.Bool() };
            else if (json.Is("H2PING"u8)) definition = definition with { H2Ping = json.Text() };
            else if (json.Is("H2PingUseTLS"u8)) definition = definition with { H2PingUseTls = json.Bool() };
            else if (json.Is("ScriptArgs"u8)) definition = definition with { ScriptArgs = json.TextList() };
            else if (json.Is("DockerContainerID"u8)) definition = definition with { DockerContainerId = json.Text() };
            else if (json.Is("Shell"u8)) definition = definition with { Shell = json.Text() };
            else if (json.Is("AliasNode"u8)) definition = definition with { AliasNode = json.Text() };
            else if (json.Is("AliasService"u8)) definition = definition with { AliasService = json.Text() };
            else if (json.Is("OutputMaxSize"u8)) definition = definition with { OutputMaxSize = checked((uint)Math.Clamp(json.Int64(), 0, uint.MaxValue)) };
            else if (json.Is("Interval"u8) || json.Is("IntervalDuration"u8)) definition = definition with { IntervalNanoseconds = Longer(json.Duration(), definition.IntervalNanoseconds) };
            else if (json.Is("Timeout"u8) || json.Is("TimeoutDuration"u8)) definition = definition with { TimeoutNanoseconds = Longer(json.Duration(), definition.TimeoutNanoseconds) };
            else if (json.Is("TTL"u8)) definition = definition with { TtlNanoseconds = json.Duration() };
            else if (json.Is("DeregisterCriticalServiceAfter"u8) || json.Is("DeregisterCriticalServiceAfterDuration"u8))
                definition = definition with { DeregisterCriticalServiceAfterNanoseconds = Longer(json.Duration(), definition.DeregisterCriticalServiceAfterNanoseconds) };
            else json.RefuseUnknown();
        }
        return definition;
    }

    // Clients send both spellings of a duration, one of them zero.
    private static long Longer(long read, long known) => read != 0 ? read : known;

    private static TextMap<IReadOnlyList<string>>? ReadHeader(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var header = new List<KeyValuePair<string, IReadOnlyList<string>>>();
        while (json.NextMember())
        {
            var name = json.MemberName;
            header.Add(new(name, json.TextList() ?? []));
        }
        return TextMap<IReadOnlyList<string>>.From(header);
    }

    private static string ReadWriteRequest(ref JsonBody json)
    {
        var token = "";
        if (!json.EnterObject()) return token;
        while (json.NextMember())
        {
            if (json.Is("Token"u8)) token = json.Text();
            else json.RefuseUnknown();
        }
        return token;
    }
}
