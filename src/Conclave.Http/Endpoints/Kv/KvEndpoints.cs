using System.Runtime.CompilerServices;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Endpoints.Kv;

/// <summary><c>/v1/kv/</c>: read, list, write, lock and delete keys.</summary>
public sealed class KvEndpoints(ReadResponder reads) : IEndpoints
{
    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router) => router.Add("/v1/kv/", HttpVerbs.Get | HttpVerbs.Put | HttpVerbs.Delete, Handle);

    private ValueTask Handle(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options) || !request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.Verb switch
        {
            HttpVerbs.Get => Get(request, options),
            HttpVerbs.Put => Put(request),
            _ => Delete(request),
        };
    }

    private ValueTask Get(ApiRequest request, in ReadOptions options)
    {
        if (request.Has(Param.Raw)) KvRaw.SetHeaders(request);
        if (request.Has(Param.Keys)) return GetKeys(request, options);
        if (request.Has(Param.Recurse)) return GetTree(request, options);
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing key name");
        if (options.Index > 0 || reads.Servers is not null || request.IsForeignDatacenter(_gateway.Identity.Datacenter)) return GetLater(request, options);

        // The usual read: no question object, nothing allocated.
        var granted = options.GrantAsync(_gateway);
        if (!granted.IsCompletedSuccessfully) return GetGranted(request, granted);
        return Answer(request, granted.Result);
    }

    private ValueTask GetLater(ApiRequest request, in ReadOptions options)
    {
        byte[] key = request.Rest.ToArray();
        return reads.RespondAsync(request, new KvGetQuery(key, request.Has(Param.Raw), Question("KVS.Get", key, [])), options, ReadStyle.Plain);
    }

    private ValueTask GetTree(ApiRequest request, in ReadOptions options)
    {
        byte[] prefix = request.Rest.ToArray();
        return reads.RespondAsync(request, new KvListQuery(prefix, request.Has(Param.Raw), Question("KVS.List", prefix, [])), options, ReadStyle.Plain);
    }

    private ValueTask GetKeys(ApiRequest request, in ReadOptions options)
    {
        byte[] prefix = request.Rest.ToArray(), separator = request.Bytes(Param.Separator).ToArray();
        return reads.RespondAsync(request, new KvKeysQuery(prefix, separator, Question("KVS.ListKeys", prefix, separator)), options, ReadStyle.Plain);
    }

    private RemoteQuestion? Question(string method, byte[] key, byte[] separator) =>
        reads.Servers is null ? null : new RemoteQuestion(method, new QueryArguments { Datacenter = _gateway.Identity.Datacenter, Key = key, Separator = separator });

    private async ValueTask GetGranted(ApiRequest request, ValueTask<ReadGrant> granted) => await Answer(request, await granted.ConfigureAwait(false)).ConfigureAwait(false);

    private ValueTask Answer(ApiRequest request, in ReadGrant grant)
    {
        if (grant.Root is null) return request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader);
        var index = grant.Root.KvGet(request.Rest, null, out var entry);
        reads.SetHeaders(request, index, grant);
        if (entry is null) return request.SendEmptyAsync(404);
        if (request.Has(Param.Raw)) return request.SendAsync(200, KvRaw.ContentType, entry.Value);
        var json = request.StartJson();
        json.BeginArray();
        ModelJson.Write(json, entry);
        json.EndArray();
        return request.SendJsonAsync();
    }

    private ValueTask Put(ApiRequest request)
    {
        if (request.Rest.Length == 0) return request.SendTextAsync(400, "Missing key name");
        var modes = (request.Has(Param.Cas) ? 1 : 0) + (request.Has(Param.Acquire) ? 1 : 0) + (request.Has(Param.Release) ? 1 : 0);
        if (modes > 1) return Conflict(request);
        ulong flags = 0, cas = 0;
        if (request.Has(Param.Flags) && !request.TryUnsigned(Param.Flags, out flags)) return BadNumber(request, Param.Flags);
        if (request.Has(Param.Cas) && !request.TryUnsigned(Param.Cas, out cas)) return BadNumber(request, Param.Cas);
        if (request.IsForeignDatacenter(_gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        return Write(request, flags, cas);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Write(ApiRequest request, ulong flags, ulong cas)
    {
        var bytesMax = request.Server.Options.KvValueBytesMax;
        var body = await request.ReadBodyAsync(bytesMax).ConfigureAwait(false);
        if (body.TooLarge)
        {
            await request.SendTooLargeAsync(body, bytesMax, "kv_max_value_size").ConfigureAwait(false);
            return;
        }
        var command = Encode(request, body, flags, cas);
        request.ReleaseBody();
        await Apply(request, command).ConfigureAwait(false);
    }

    private static byte[] Encode(ApiRequest request, in RequestBody body, ulong flags, ulong cas)
    {
        var (op, session) = request.Has(Param.Cas) ? (KvOps.Cas, "")
            : request.Has(Param.Acquire) ? (KvOps.Lock, request.Text(Param.Acquire))
            : request.Has(Param.Release) ? (KvOps.Unlock, request.Text(Param.Release))
            : (KvOps.Set, "");
        return CommandCodec.EncodeKv(op, request.Rest, body.Bytes, hasValue: body.Length > 0, flags, session, cas);
    }

    private ValueTask Delete(ApiRequest request)
    {
        var recurse = request.Has(Param.Recurse);
        if (recurse && request.Has(Param.Cas)) return Conflict(request);
        if (!recurse && request.Rest.Length == 0) return request.SendTextAsync(400, "Missing key name");
        ulong cas = 0;
        if (request.Has(Param.Cas) && !request.TryUnsigned(Param.Cas, out cas)) return BadNumber(request, Param.Cas);
        if (request.IsForeignDatacenter(_gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        var op = recurse ? KvOps.DeleteTree : request.Has(Param.Cas) ? KvOps.DeleteCas : KvOps.Delete;
        return Apply(request, CommandCodec.EncodeKv(op, request.Rest, default, hasValue: false, 0, "", cas));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Apply(ApiRequest request, byte[] command)
    {
        // Waits although the client may leave: a command in the log is applied all the same, and the token would cost an allocation.
        var result = await _gateway.ApplyAsync(command, default).ConfigureAwait(false);
        if (result.Kind == ApplyResultKind.Error) await request.SendErrorAsync(result.Text).ConfigureAwait(false);
        else await request.SendBoolAsync(result.Kind != ApplyResultKind.Bool || result.Flag).ConfigureAwait(false);
    }

    private static ValueTask Conflict(ApiRequest request) => request.SendTextAsync(400, "Conflicting flags: " + QueryText.Canonical(request.RawQuery));

    private static ValueTask BadNumber(ApiRequest request, Param param) => request.SendErrorAsync($"strconv.ParseUint: parsing {GoQuote.Quote(request.Text(param))}: invalid syntax");
}
