using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Http.Json;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>Check definitions as JSON: in bodies of registrations and in the data folder.</summary>
public static class CheckJson
{
    /// <summary>Reads a definition; null for <c>null</c>. Unknown members are refused.</summary>
    public static CheckDefinition? Read(ref JsonBody json)
    {
        if (!json.EnterObject("structs.CheckDefinition")) return null;
        var check = new CheckDefinition();
        while (json.NextMember()) check = ReadMember(ref json, check);
        return check;
    }

    /// <summary>Reads a list of definitions without its nulls; null for <c>null</c>.</summary>
    public static List<CheckDefinition>? ReadList(ref JsonBody json)
    {
        if (!json.EnterArray("[]structs.CheckType")) return null;
        var list = new List<CheckDefinition>();
        while (json.NextElement())
            if (Read(ref json) is { } check) list.Add(check);
        return list;
    }

    /// <summary>Writes everything but id, name, service and token, which belong to the registration around it.</summary>
    public static void Write(JsonOut json, CheckDefinition check)
    {
        json.BeginObject();
        WriteTexts(json, check);
        WriteLists(json, check);
        Flag(json, "TLSSkipVerify"u8, check.TlsSkipVerify);
        Flag(json, "DisableRedirects"u8, check.DisableRedirects);
        Flag(json, "GRPCUseTLS"u8, check.GrpcUseTls);
        if (check.H2Ping.Length > 0)
        {
            json.Name("H2PingUseTLS"u8);
            json.Bool(check.H2PingUseTls);
        }
        Duration(json, "Interval"u8, check.Interval);
        Duration(json, "Timeout"u8, check.Timeout);
        Duration(json, "TTL"u8, check.Ttl);
        Duration(json, "DeregisterCriticalServiceAfter"u8, check.DeregisterCriticalServiceAfter);
        Number(json, "SuccessBeforePassing"u8, check.SuccessBeforePassing);
        Number(json, "FailuresBeforeWarning"u8, check.FailuresBeforeWarning);
        Number(json, "FailuresBeforeCritical"u8, check.FailuresBeforeCritical);
        Number(json, "OutputMaxSize"u8, check.OutputMaxSize);
        json.EndObject();
    }

    private static CheckDefinition ReadMember(ref JsonBody json, CheckDefinition check)
    {
        if (json.Is("ID"u8) || json.Is("CheckID"u8) || json.Is("check_id"u8)) return json.TextOrNull() is { } id ? check with { Id = id } : check;
        if (json.Is("Name"u8)) return check with { Name = json.Text() };
        if (json.Is("Notes"u8)) return check with { Notes = json.Text() };
        if (json.Is("ServiceID"u8) || json.Is("service_id"u8)) return check with { ServiceId = json.Text() };
        if (json.Is("Token"u8)) return check with { Token = json.Text() };
        if (json.Is("Status"u8)) return check with { Status = json.Text() };
        if (json.Is("TTL"u8)) return check with { Ttl = Duration(ref json) };
        if (json.Is("Interval"u8)) return check with { Interval = Duration(ref json) };
        if (json.Is("Timeout"u8)) return check with { Timeout = Duration(ref json) };
        if (json.Is("DeregisterCriticalServiceAfter"u8) || json.Is("deregister_critical_service_after"u8)) return check with { DeregisterCriticalServiceAfter = Duration(ref json) };
        if (json.Is("SuccessBeforePassing"u8) || json.Is("success_before_passing"u8)) return check with { SuccessBeforePassing = json.Int32() };
        if (json.Is("FailuresBeforeWarning"u8) || json.Is("failures_before_warning"u8)) return check with { FailuresBeforeWarning = json.Int32() };
        if (json.Is("FailuresBeforeCritical"u8) || json.Is("failures_before_critical"u8)) return check with { FailuresBeforeCritical = json.Int32() };
        if (json.Is("OutputMaxSize"u8) || json.Is("output_max_size"u8)) return check with { OutputMaxSize = json.Int32() };
        return ReadTarget(ref json, check);
    }

    private static CheckDefinition ReadTarget(ref JsonBody json, CheckDefinition check)
    {
        if (json.Is("HTTP"u8)) return check with { Http = json.Text() };
        if (json.Is("Method"u8)) return check with { Method = json.Text() };
        if (json.Is("Body"u8)) return check with { Body = json.Text() };
        if (json.Is("Header"u8)) return check with { Header = ReadHeader(ref json) };
        if (json.Is("DisableRedirects"u8) || json.Is("disable_redirects"u8)) return check with { DisableRedirects = json.Bool() };
        if (json.Is("TLSServerName"u8) || json.Is("tls_server_name"u8)) return check with { TlsServerName = json.Text() };
        if (json.Is("TLSSkipVerify"u8) || json.Is("tls_skip_verify"u8)) return check with { TlsSkipVerify = json.Bool() };
        if (json.Is("TCP"u8)) return check with { Tcp = json.Text() };
        if (json.Is("UDP"u8)) return check with { Udp = json.Text() };
        if (json.Is("GRPC"u8)) return check with { Grpc = json.Text() };
        if (json.Is("GRPCUseTLS"u8) || json.Is("grpc_use_tls"u8)) return check with { GrpcUseTls = json.Bool() };
        if (json.Is("H2PING"u8)) return check with { H2Ping = json.Text() };
        if (json.Is("H2PingUseTLS"u8) || json.Is("h2ping_use_tls"u8)) return check with { H2PingUseTls = json.Bool() };
        if (json.Is("Args"u8) || json.Is("ScriptArgs"u8) || json.Is("script_args"u8)) return json.TextList() is { } args ? check with { ScriptArgs = args } : check;
        if (json.Is("DockerContainerID"u8) || json.Is("docker_container_id"u8)) return check with { DockerContainerId = json.Text() };
        if (json.Is("Shell"u8)) return check with { Shell = json.Text() };
        if (json.Is("AliasNode"u8) || json.Is("alias_node"u8)) return check with { AliasNode = json.Text() };
        if (json.Is("AliasService"u8) || json.Is("alias_service"u8)) return check with { AliasService = json.Text() };
        if (json.Is("ProxyHTTP"u8) || json.Is("proxy_http"u8)) return check with { ProxyHttp = json.Text() };
        if (json.Is("ProxyGRPC"u8) || json.Is("proxy_grpc"u8)) return check with { ProxyGrpc = json.Text() };
        if (!IsIgnored(json)) json.RefuseUnknown();
        json.Skip();
        return check;
    }

    /// <summary>Sent by some clients and newer libraries; without meaning for a definition.</summary>
    private static bool IsIgnored(in JsonBody json) =>
        json.Is("Output"u8) || json.Is("ServiceTags"u8) || json.Is("ServiceName"u8) || json.Is("Node"u8) || json.Is("Type"u8) || json.Is("Namespace"u8)
        || json.Is("Partition"u8) || json.Is("OSService"u8) || json.Is("TCPUseTLS"u8) || json.Is("SessionName"u8);

    private static SortedDictionary<string, IReadOnlyList<string>>? ReadHeader(ref JsonBody json)
    {
        if (!json.EnterObject("map[string][]string")) return null;
        var header = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        while (json.NextMember())
        {
            string name = json.MemberName;
            header[name] = json.TextList() ?? [];
        }
        return header;
    }

    private static TimeSpan Duration(ref JsonBody json) => new GoDuration(json.Duration()).ToTimeSpan();

    private static void WriteTexts(JsonOut json, CheckDefinition check)
    {
        Text(json, "CheckID"u8, check.Id);
        Text(json, "Name"u8, check.Name);
        Text(json, "Status"u8, check.Status);
        Text(json, "Notes"u8, check.Notes);
        Text(json, "HTTP"u8, check.Http);
        Text(json, "Method"u8, check.Method);
        Text(json, "Body"u8, check.Body);
        Text(json, "TLSServerName"u8, check.TlsServerName);
        Text(json, "TCP"u8, check.Tcp);
        Text(json, "UDP"u8, check.Udp);
        Text(json, "GRPC"u8, check.Grpc);
        Text(json, "H2PING"u8, check.H2Ping);
        Text(json, "DockerContainerID"u8, check.DockerContainerId);
        Text(json, "Shell"u8, check.Shell);
        Text(json, "AliasNode"u8, check.AliasNode);
        Text(json, "AliasService"u8, check.AliasService);
        Text(json, "ProxyHTTP"u8, check.ProxyHttp);
        Text(json, "ProxyGRPC"u8, check.ProxyGrpc);
    }

    private static void WriteLists(JsonOut json, CheckDefinition check)
    {
        if (check.ScriptArgs is { } args) List(json, "ScriptArgs", args);
        if (check.Header is null) return;
        json.Name("Header"u8);
        json.BeginObject();
        foreach (var (name, values) in check.Header) List(json, name, values);
        json.EndObject();
    }

    private static void List(JsonOut json, string name, IReadOnlyList<string> values)
    {
        json.Name(name);
        json.BeginArray();
        foreach (string value in values) json.String(value);
        json.EndArray();
    }

    private static void Text(JsonOut json, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length == 0) return;
        json.Name(name);
        json.String(value);
    }

    private static void Flag(JsonOut json, ReadOnlySpan<byte> name, bool value)
    {
        if (!value) return;
        json.Name(name);
        json.Bool(value);
    }

    private static void Number(JsonOut json, ReadOnlySpan<byte> name, int value)
    {
        if (value == 0) return;
        json.Name(name);
        json.Number(value);
    }

    private static void Duration(JsonOut json, ReadOnlySpan<byte> name, TimeSpan value)
    {
        if (value == TimeSpan.Zero) return;
        json.Name(name);
        json.Number(GoDuration.From(value).Nanoseconds);
    }
}
