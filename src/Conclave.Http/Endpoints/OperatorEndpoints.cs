using System.Globalization;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/operator/</c>: servers and their upkeep.</summary>
public sealed class OperatorEndpoints(ReadResponder reads) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/operator/raft/configuration", HttpVerbs.Get, Local(_gateway, RaftConfiguration));
        router.Add("/v1/operator/raft/peer", HttpVerbs.Delete, Local(_gateway, RemovePeer));
        router.Add("/v1/operator/raft/transfer-leader", HttpVerbs.Post, Local(_gateway, TransferLeader));
        router.Add("/v1/operator/autopilot/configuration", HttpVerbs.Get | HttpVerbs.Put, Local(_gateway, Autopilot));
    }

    /// <summary>A handler for requests about this datacenter; others are refused.</summary>
    internal static RequestHandler Local(INodeGateway gateway, RequestHandler handler) => request =>
        request.IsForeignDatacenter(gateway.Identity.Datacenter) ? request.SendErrorAsync(ErrorText.NoPath) : handler(request);

    private async ValueTask RaftConfiguration(ApiRequest request)
    {
        var (status, error) = await StatusAsync(request.Has(Param.Stale)).ConfigureAwait(false);
        if (error is not null) await request.SendErrorAsync(error).ConfigureAwait(false);
        else await SendConfiguration(request, status).ConfigureAwait(false);
    }

    // The configuration that the leader has committed, waiting for one as any read does; or what this server knows.
    private async ValueTask<(ClusterStatus Status, string? Error)> StatusAsync(bool mayBeStale)
    {
        if (reads.Servers is { } servers) return await StatusAtServersAsync(servers, mayBeStale).ConfigureAwait(false);
        if (mayBeStale) return (_gateway.Status, null);
        var grant = await _gateway.ReadAsync(ReadMode.Default, default).ConfigureAwait(false);
        return (_gateway.Status, grant.Root is null ? grant.Error ?? ErrorText.NoLeader : null);
    }

    // What servers say of themselves, as a server would know it.
    private ValueTask<(ClusterStatus Status, string? Error)> StatusAtServersAsync(IServerCalls servers, bool mayBeStale)
    {
        var arguments = new QueryArguments { Datacenter = _gateway.Identity.Datacenter, Options = new() { AllowStale = mayBeStale } };
        return servers.ReadAsync("Operator.RaftGetConfiguration", arguments, static result =>
        {
            var rows = new List<RaftServerRow>();
            ulong index = OperatorResults.ReadConfiguration(result.Span, rows);
            var leader = rows.Find(static row => row.IsLeader);
            return new ClusterStatus(IsLeader: false, leader.Address ?? "", leader.Id ?? "", 0, rows.ConvertAll(static row => row.Address))
            {
                Servers = rows.ConvertAll(static row => new ServerStatus(row.Id, row.Node, row.Address, row.IsVoter, row.IsLeader)),
                ConfigurationIndex = index,
            };
        });
    }

    private static ValueTask SendConfiguration(ApiRequest request, ClusterStatus status)
    {
        // A server that belongs to no cluster yet has nothing to say, however stale it may be.
        if (!status.KnownLeader && (!request.Has(Param.Stale) || status.Servers.Count == 0)) return request.SendErrorAsync(ErrorText.NoLeader);
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Servers"u8);
        json.BeginArray();
        foreach (var server in status.Servers)
        {
            json.BeginObject();
            json.Name("ID"u8);
            json.String(server.Id);
            json.Name("Node"u8);
            json.String(server.Name);
            json.Name("Address"u8);
            json.String(server.Address);
            json.Name("Leader"u8);
            json.Bool(server.IsLeader);
            json.Name("ProtocolVersion"u8);
            json.String("3");
            json.Name("Voter"u8);
            json.Bool(server.IsVoter);
            json.EndObject();
        }
        json.EndArray();
        json.Name("Index"u8);
        json.Number(status.ConfigurationIndex);
        json.EndObject();
        return request.SendJsonAsync();
    }

    private async ValueTask RemovePeer(ApiRequest request)
    {
        string id = request.Text(Param.Id), address = request.Text(Param.Address);
        if (id.Length == 0 && address.Length == 0) await request.SendTextAsync(400, "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove").ConfigureAwait(false);
        else if (id.Length > 0 && address.Length > 0) await request.SendTextAsync(400, "Bad request: Must specify only one of ?id or ?address").ConfigureAwait(false);
        else
        {
            var (status, error) = await StatusAsync(mayBeStale: false).ConfigureAwait(false);
            if (error is not null) await request.SendErrorAsync(error).ConfigureAwait(false);
            else await RemovePeer(request, status, id, address).ConfigureAwait(false);
        }
    }

    private ValueTask RemovePeer(ApiRequest request, ClusterStatus status, string id, string address)
    {
        var server = status.Servers.FirstOrDefault(server => id.Length > 0 ? server.Id == id : server.Address == address);
        var named = id.Length > 0 ? $"id {GoQuote.Quote(id)}" : $"address {GoQuote.Quote(address)}";
        if (server is null) return request.SendErrorAsync($"{named} was not found in the Raft configuration");
        // The only server of a cluster cannot leave it.
        if (server.IsVoter && status.PeerAddresses.Count == 1) return request.SendErrorAsync($"{named} is the last voter and cannot be removed");
        return RemoveAsync(request, server.Id);
    }

    private async ValueTask RemoveAsync(ApiRequest request, string id)
    {
        var result = await _gateway.RemoveServerAsync(id, default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await request.SendEmptyAsync().ConfigureAwait(false);
    }

    private async ValueTask TransferLeader(ApiRequest request)
    {
        var result = await _gateway.TransferLeadershipAsync(request.Text(Param.Id), default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error)
        {
            await request.SendErrorAsync(result.Text).ConfigureAwait(false);
            return;
        }
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Success"u8);
        json.Bool(true);
        json.EndObject();
        await request.SendJsonAsync().ConfigureAwait(false);
    }

    private ValueTask Autopilot(ApiRequest request) => request.Verb == HttpVerbs.Get ? ShowAutopilot(request) : SetAutopilot(request);

    private async ValueTask ShowAutopilot(ApiRequest request)
    {
        if (reads.Servers is { } servers)
        {
            var arguments = new QueryArguments { Datacenter = _gateway.Identity.Datacenter, Options = new() { AllowStale = request.Has(Param.Stale) } };
            var (shown, error) = await servers.ReadAsync("Operator.AutopilotGetConfiguration", arguments, ReadAutopilot).ConfigureAwait(false);
            if (error is not null) await request.SendErrorAsync(error).ConfigureAwait(false);
            else await SendAutopilot(request, shown).ConfigureAwait(false);
            return;
        }
        var grant = await _gateway.ReadAsync(request.Has(Param.Stale) ? ReadMode.Stale : ReadMode.Default, default).ConfigureAwait(false);
        if (grant.Root is null)
        {
            await request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader).ConfigureAwait(false);
            return;
        }
        grant.Root.Autopilot(null, out var config);
        await SendAutopilot(request, config).ConfigureAwait(false);
    }

    private static AutopilotConfig ReadAutopilot(ReadOnlyMemory<byte> result)
    {
        var reader = new MsgPackReader(result);
        return AutopilotConfigCodec.Read(ref reader);
    }

    private static ValueTask SendAutopilot(ApiRequest request, AutopilotConfig? config)
    {
        var json = request.StartJson();
        if (config is null) json.Null();
        else Write(json, config);
        return request.SendJsonAsync();
    }

    private async ValueTask SetAutopilot(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var config = Read(new JsonBody(body.Bytes, "Bad request: Error parsing autopilot config: "));
        request.ReleaseBody();
        var cas = request.Has(Param.Cas);
        if (cas)
        {
            if (!request.TryUnsigned(Param.Cas, out var index))
            {
                await request.SendTextAsync(400, $"Bad request: Error parsing cas value: strconv.ParseUint: parsing {GoQuote.Quote(request.Text(Param.Cas))}: invalid syntax").ConfigureAwait(false);
                return;
            }
            config = config with { ModifyIndex = index };
        }
        var result = await _gateway.ApplyAsync(CommandCodec.Encode(config, cas), default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await request.SendBoolAsync(result.Kind != ApplyResultKind.Bool || result.Flag).ConfigureAwait(false);
    }

    private static void Write(JsonOut json, AutopilotConfig config)
    {
        json.BeginObject();
        json.Name("CleanupDeadServers"u8);
        json.Bool(config.CleanupDeadServers);
        json.Name("LastContactThreshold"u8);
        json.String(new GoDuration(config.LastContactThresholdNanoseconds).ToString());
        json.Name("MaxTrailingLogs"u8);
        json.Number(config.MaxTrailingLogs);
        json.Name("MinQuorum"u8);
        json.Number(config.MinQuorum);
        json.Name("ServerStabilizationTime"u8);
        json.String(new GoDuration(config.ServerStabilizationTimeNanoseconds).ToString());
        json.Name("RedundancyZoneTag"u8);
        json.String(config.RedundancyZoneTag);
        json.Name("DisableUpgradeMigration"u8);
        json.Bool(config.DisableUpgradeMigration);
        json.Name("UpgradeVersionTag"u8);
        json.String(config.UpgradeVersionTag);
        json.Name("CreateIndex"u8);
        json.Number(config.CreateIndex);
        json.Name("ModifyIndex"u8);
        json.Number(config.ModifyIndex);
        json.EndObject();
    }

    private static AutopilotConfig Read(JsonBody json)
    {
        var config = new AutopilotConfig { CleanupDeadServers = false, LastContactThresholdNanoseconds = 0, MaxTrailingLogs = 0, ServerStabilizationTimeNanoseconds = 0 };
        if (!json.EnterObject()) return config;
        while (json.NextMember())
        {
            if (json.Is("CleanupDeadServers"u8)) config = config with { CleanupDeadServers = json.Bool() };
            else if (json.Is("LastContactThreshold"u8)) config = config with { LastContactThresholdNanoseconds = json.Duration() };
            else if (json.Is("MaxTrailingLogs"u8)) config = config with { MaxTrailingLogs = json.UInt64() };
            else if (json.Is("MinQuorum"u8)) config = config with { MinQuorum = (uint)Math.Min(json.UInt64(), uint.MaxValue) };
            else if (json.Is("ServerStabilizationTime"u8)) config = config with { ServerStabilizationTimeNanoseconds = json.Duration() };
            else if (json.Is("RedundancyZoneTag"u8)) config = config with { RedundancyZoneTag = json.Text() };
            else if (json.Is("DisableUpgradeMigration"u8)) config = config with { DisableUpgradeMigration = json.Bool() };
            else if (json.Is("UpgradeVersionTag"u8)) config = config with { UpgradeVersionTag = json.Text() };
            else if (json.Is("CreateIndex"u8) || json.Is("ModifyIndex"u8)) json.Skip();
            else json.RefuseUnknown();
        }
        return config;
    }
}
