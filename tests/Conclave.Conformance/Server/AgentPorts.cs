using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Conclave.Conformance.Server;

/// <summary>Ports of one agent that nobody else uses.</summary>
internal sealed record AgentPorts(int Http, int Server, int SerfLan, int SerfWan)
{
    public static AgentPorts Free()
    {
        // Held open together, so that the same port is not handed out twice.
        var listeners = Enumerable.Range(0, 4).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(listener => listener.Dispose());
        return new AgentPorts(ports[0], ports[1], ports[2], ports[3]);
    }

    public JsonObject ToJson() => new()
    {
        ["http"] = Http, ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = Server, ["serf_lan"] = SerfLan, ["serf_wan"] = SerfWan,
    };
}
