using System.Text.Json;
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

/// <summary><c>/v1/session/</c>: create, destroy, renew and read sessions.</summary>
public sealed class SessionEndpoints(ReadResponder reads) : IEndpoints
{
    private const long LockDelayDefault = 15_000_000_000;
    private const long LockDelaySecondsMax = 1000;   // A bare number below this counts seconds, not nanoseconds.

    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router)
    {
        router.Add("/v1/session/create", HttpVerbs.Put, Create);
        router.Add("/v1/session/destroy/", HttpVerbs.Put, Destroy);
        router.Add("/v1/session/renew/", HttpVerbs.Put, Renew);
        router.Add("/v1/session/info/", HttpVerbs.Get, Info);
        router.Add("/v1/session/node/", HttpVerbs.Get, OfNode);
        router.Add("/v1/session/list", HttpVerbs.Get, List);
    }

    private async ValueTask Create(ApiRequest request)
    {
        var session = new Session { Node = _gateway.Identity.NodeName, NodeChecks = ["serfHealth"], LockDelayNanoseconds = LockDelayDefault, Behavior = "release" };
        // A body without an announced length is not read: the compatible server does the same.
        if (request.RequestHeaders.ContentLength > 0)
        {
            if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
            session = Read(new JsonBody(body.Bytes), session);
            request.ReleaseBody();
        }
        else if (!request.TryRefuseNamespace())
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return;
        }
        if (request.IsForeignDatacenter(_gateway.Identity.Datacenter))
        {
            await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
            return;
        }
        var result = await _gateway.ApplyAsync(CommandCodec.Encode(new SessionRequest { Op = "create", Session = session }), default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await SendId(request, result.Text).ConfigureAwait(false);
    }

    private static ValueTask SendId(ApiRequest request, string id)
    {
        var json = request.StartJson();
        json.BeginObject();
        json.Name("ID"u8);
        json.String(id);
        json.EndObject();
        return request.SendJsonAsync();
    }

    private async ValueTask Destroy(ApiRequest request)
    {
        if (Refused(request, "Missing session") is { } refused)
        {
            await refused.ConfigureAwait(false);
            return;
        }
        var command = CommandCodec.Encode(new SessionRequest { Op = "destroy", Session = new Session { Id = request.RestText } });
        var result = await _gateway.ApplyAsync(command, default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await request.SendBoolAsync(true).ConfigureAwait(false);
    }

    private async ValueTask Renew(ApiRequest request)
    {
        if (Refused(request, "Missing session") is { } refused)
        {
            await refused.ConfigureAwait(false);
            return;
        }
        var id = request.RestText;
        if (!Guid.TryParseExact(id, "D", out _))
        {
            await request.SendErrorAsync($"failed session lookup: index error: Invalid UUID: {GoQuote.Quote(id)}").ConfigureAwait(false);
            return;
        }
        var session = await _gateway.RenewSessionAsync(id, default).ConfigureAwait(false);
        if (session is null)
        {
            await request.SendTextAsync(404, $"Session id '{id}' not found").ConfigureAwait(false);
            return;
        }
        var json = request.StartJson();
        json.BeginArray();
        ModelJson.Write(json, session);
        json.EndArray();
        await request.SendJsonAsync().ConfigureAwait(false);
    }

    private ValueTask Info(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options) || !request.TryRefuseNamespace()) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing session");
        var id = request.RestText;
        return reads.RespondAsync(request, new RowsQuery<Session>(OneById, ModelJson.Write) { AtServers = AtServers("Session.Get", arguments => arguments with { SessionId = id }) }, options, ReadStyle.Plain);

        ulong OneById(State.StateRoot root, State.WatchSet? watches, List<Session> into)
        {
            var index = root.SessionGet(id, watches, out var session);
            if (session is not null) into.Add(session);
            return index;
        }
    }

    private ValueTask OfNode(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options) || !request.TryRefuseNamespace()) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing node name");
        var node = request.RestText;
        return reads.RespondAsync(request, new RowsQuery<Session>((root, watches, into) => root.NodeSessions(node, watches, into), ModelJson.Write)
        {
            AtServers = AtServers("Session.NodeSessions", arguments => arguments with { Node = node }),
        }, options, ReadStyle.Plain);
    }

    private ValueTask List(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options) || !request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return reads.RespondAsync(request, new RowsQuery<Session>(static (root, watches, into) => root.SessionList(watches, into), ModelJson.Write) { AtServers = AtServers("Session.List", static arguments => arguments) }, options, ReadStyle.Plain);
    }

    private RemoteRows<Session>? AtServers(string method, Func<QueryArguments, QueryArguments> complete) =>
        reads.Servers is null ? null : new RemoteRows<Session>(method, "Sessions", SessionCodec.Read, complete(new QueryArguments { Datacenter = _gateway.Identity.Datacenter }));

    private ValueTask? Refused(ApiRequest request, string missing)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        if (request.Rest.Length == 0) return request.SendTextAsync(400, missing);
        return request.IsForeignDatacenter(_gateway.Identity.Datacenter) ? request.SendErrorAsync(ErrorText.NoPath) : null;
    }

    private static Session Read(JsonBody json, Session session)
    {
        if (!json.EnterObject()) return session;
        while (json.NextMember())
        {
            if (json.Is("Name"u8)) session = session with { Name = json.Text() };
            else if (json.Is("Node"u8)) session = session with { Node = json.TextOrNull() ?? session.Node };
            else if (json.Is("Checks"u8)) session = session with { Checks = json.TextList() };
            else if (json.Is("NodeChecks"u8)) session = session with { NodeChecks = json.TextList() ?? session.NodeChecks };
            else if (json.Is("ServiceChecks"u8)) session = session with { ServiceChecks = ReadServiceChecks(ref json) };
            else if (json.Is("LockDelay"u8)) session = session with { LockDelayNanoseconds = ReadLockDelay(ref json) ?? session.LockDelayNanoseconds };
            else if (json.Is("Behavior"u8)) session = session with { Behavior = json.TextOrNull() ?? session.Behavior };
            else if (json.Is("TTL"u8)) session = session with { Ttl = json.Text() };
            else json.Skip();
        }
        // An explicit empty list of the old name means: no checks, not even that of the node.
        if (session.Checks is { Count: 0 }) session = session with { NodeChecks = [], Checks = null };
        return session;
    }

    private static List<SessionServiceCheck>? ReadServiceChecks(ref JsonBody json)
    {
        if (!json.EnterArray()) return null;
        var checks = new List<SessionServiceCheck>();
        while (json.NextElement())
        {
            string id = "", space = "";
            if (json.EnterObject())
            {
                while (json.NextMember())
                {
                    if (json.Is("ID"u8)) id = json.Text();
                    else if (json.Is("Namespace"u8)) space = json.Text();
                    else json.Skip();
                }
            }
            checks.Add(new SessionServiceCheck(id, space));
        }
        return checks;
    }

    private static long? ReadLockDelay(ref JsonBody json)
    {
        switch (json.Peek())
        {
            case JsonTokenType.Number:
                var number = json.Duration();
                return number < LockDelaySecondsMax ? number * 1_000_000_000 : number;
            case JsonTokenType.String:
                var text = json.Text();
                if (!GoDuration.TryParse(text, out var delay, out var error)) json.Refuse(error);
                return delay.Nanoseconds;
            default:
                json.Skip();
                return null;
        }
    }
}
