using System.Globalization;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Node;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/operator/autopilot/health</c> and <c>state</c>: how the servers are doing, as the leader sees them.</summary>
internal sealed class ServerHealthEndpoints(ReadResponder reads, string version) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;
    private readonly WallTime _started = WallTime.From(DateTimeOffset.UtcNow);

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/operator/autopilot/health", HttpVerbs.Get, OperatorEndpoints.Local(_gateway, request => AnswerAsync(request, SendHealth)));
        router.Add("/v1/operator/autopilot/state", HttpVerbs.Get, OperatorEndpoints.Local(_gateway, request => AnswerAsync(request, SendState)));
    }

    private async ValueTask AnswerAsync(ApiRequest request, Func<ApiRequest, IReadOnlyList<ServerHealth>, ValueTask> send)
    {
        var servers = await _gateway.ReadHealthAsync(request.Aborted).ConfigureAwait(false);
        await send(request, servers.Count == 0 && _gateway.Status.IsLeader ? Myself() : servers).ConfigureAwait(false);
    }

    private ValueTask SendHealth(ApiRequest request, IReadOnlyList<ServerHealth> servers)
    {
        bool isHealthy = AreHealthy(servers);
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Healthy"u8);
        json.Bool(isHealthy);
        json.Name("FailureTolerance"u8);
        json.Number(ServerHealth.FailureTolerance(servers));
        json.Name("Servers"u8);
        json.BeginArray();
        foreach (var server in servers)
        {
            json.BeginObject();
            WriteWho(json, server, "SerfStatus"u8);
            WriteProgress(json, server);
            json.Name("Leader"u8);
            json.Bool(server.IsLeader);
            json.Name("Voter"u8);
            json.Bool(server.IsVoter);
            json.EndObject();
        }
        json.EndArray();
        json.EndObject();
        return request.SendJsonAsync(isHealthy ? 200 : 429);
    }

    private ValueTask SendState(ApiRequest request, IReadOnlyList<ServerHealth> servers)
    {
        int tolerance = ServerHealth.FailureTolerance(servers);
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Healthy"u8);
        json.Bool(AreHealthy(servers));
        json.Name("FailureTolerance"u8);
        json.Number(tolerance);
        json.Name("OptimisticFailureTolerance"u8);
        json.Number(tolerance);
        json.Name("Servers"u8);
        json.BeginObject();
        foreach (var server in servers)
        {
            json.Name(server.Id);
            WriteState(json, server);
        }
        json.EndObject();
        json.Name("Leader"u8);
        json.String(servers.FirstOrDefault(static server => server.IsLeader)?.Id ?? "");
        json.Name("Voters"u8);
        ModelJson.WriteTexts(json, [.. servers.Where(static server => server.IsVoter).Select(static server => server.Id)]);
        json.EndObject();
        return request.SendJsonAsync();
    }

    private void WriteState(JsonOut json, ServerHealth server)
    {
        json.BeginObject();
        WriteWho(json, server, "NodeStatus"u8);
        WriteProgress(json, server);
        bool isReplica = server.Member is { IsReadReplica: true };
        json.Name("ReadReplica"u8);
        json.Bool(isReplica);
        json.Name("Status"u8);
        json.String(server.IsLeader ? "leader" : server.IsVoter ? "voter" : isReplica ? "read-replica" : "non-voter");
        json.Name("Meta"u8);
        WriteMeta(json, server);
        json.Name("NodeType"u8);
        json.String(isReplica ? "read-replica" : "voter");
        json.EndObject();
    }

    private static void WriteWho(JsonOut json, ServerHealth server, ReadOnlySpan<byte> statusName)
    {
        json.Name("ID"u8);
        json.String(server.Id);
        json.Name("Name"u8);
        json.String(server.Member?.Name ?? "");
        json.Name("Address"u8);
        json.String(server.Address);
        json.Name(statusName);
        json.String(server.Member?.Status switch { ServerMemberStatus.Alive => "alive", ServerMemberStatus.Leaving => "leaving", ServerMemberStatus.Failed => "failed", ServerMemberStatus.Left => "left", _ => "none" });
        json.Name("Version"u8);
        json.String(server.Member?.Version ?? "");
    }

    private static void WriteProgress(JsonOut json, ServerHealth server)
    {
        var progress = server.Progress ?? default;
        json.Name("LastContact"u8);
        json.String(new GoDuration(progress.LastContact.Ticks * 100).ToString());
        json.Name("LastTerm"u8);
        json.Number(progress.LastTerm);
        json.Name("LastIndex"u8);
        json.Number(progress.LastIndex);
        json.Name("Healthy"u8);
        json.Bool(server.IsHealthy);
        json.Name("StableSince"u8);
        json.String(server.SinceWall.ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
    }

    private void WriteMeta(JsonOut json, ServerHealth server)
    {
        NodeEntry? node = null;
        if (server.Member is { } member && reads.Servers is null) _gateway.Root.NodeServices(member.Name, null, out node, []);
        if ((server.Meta ?? node?.Meta) is { } meta) ModelJson.WriteTexts(json, meta);
        else
        {
            json.BeginObject();
            json.EndObject();
        }
    }

    // A leader that has not looked around yet knows itself.
    private ServerHealth[] Myself()
    {
        var (identity, raft) = (_gateway.Identity, _gateway.Raft);
        return
        [
            new ServerHealth
            {
                Id = identity.NodeId,
                Address = identity.RpcAddress,
                Member = new ServerMember(identity.NodeId, identity.NodeName, identity.RpcAddress, ServerMemberStatus.Alive) { Version = version },
                Progress = new ServerProgress(TimeSpan.Zero, raft.LastLogTerm, raft.LastLogIndex),
                IsVoter = true,
                IsLeader = true,
                IsHealthy = true,
                SinceWall = _started,
            },
        ];
    }

    private static bool AreHealthy(IReadOnlyList<ServerHealth> servers)
    {
        foreach (var server in servers)
            if (!server.IsHealthy) return false;
        return true;
    }
}
