using System.Text.Json.Nodes;
using Conclave.Conformance.Server;

namespace Conclave.Conformance.Hostile;

/// <summary>A development server that lets one client hold many connections, so that the hostile ones do not lock out the one that looks on.</summary>
public sealed class RoomyServer : ConformanceServer
{
    internal override JsonObject Configuration => new() { ["limits"] = new JsonObject { ["http_max_conns_per_client"] = 2000 } };
}
