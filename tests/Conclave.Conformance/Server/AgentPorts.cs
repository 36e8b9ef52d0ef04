using System.Text.Json.Nodes;

namespace Conclave.Conformance.Server;

/// <summary>Ports of one agent that nobody else uses.</summary>
internal sealed record AgentPorts(int Http, int Server, int SerfLan, int SerfWan)
{
    public static AgentPorts Free() => Tests.FreePorts.Take(4) is [var http, var server, var lan, var wan] ? new AgentPorts(http, server, lan, wan) : throw new InvalidOperationException("four were asked for");

    public JsonObject ToJson() => new()
    {
        ["http"] = Http, ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = Server, ["serf_lan"] = SerfLan, ["serf_wan"] = SerfWan,
    };
}
