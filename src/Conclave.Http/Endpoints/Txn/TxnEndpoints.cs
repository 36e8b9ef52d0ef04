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

namespace Conclave.Http.Endpoints.Txn;

/// <summary><c>/v1/txn</c>: several operations, all or none.</summary>
public sealed class TxnEndpoints(ReadResponder reads) : IEndpoints
{
    private const int OperationsMax = 64;

    private readonly INodeGateway _gateway = reads.Gateway;

    /// <inheritdoc/>
    public void Map(Router router) => router.Add("/v1/txn", HttpVerbs.Put, Handle);

    private async ValueTask Handle(ApiRequest request)
    {
        var limits = request.Server.Options;
        var bytesMax = limits.TxnBytesMax > 0 ? limits.TxnBytesMax : limits.KvValueBytesMax;
        var body = await request.ReadBodyAsync(bytesMax).ConfigureAwait(false);
        if (body.TooLarge)
        {
            await request.SendTooLargeAsync(body, bytesMax, "txn_max_req_len").ConfigureAwait(false);
            return;
        }
        var operations = TxnReader.Read(new JsonBody(body.Bytes, "Failed to parse body: "));
        request.ReleaseBody();
        if (TooMuch(operations, limits.KvValueBytesMax) is { } reason) await request.SendTextAsync(413, reason).ConfigureAwait(false);
        else if (!request.TryReadOptions(out var options)) await request.SendRefusalAsync().ConfigureAwait(false);
        else if (request.IsForeignDatacenter(_gateway.Identity.Datacenter)) await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
        else if (operations.TrueForAll(IsRead)) await Read(request, operations, options).ConfigureAwait(false);
        else await Write(request, operations).ConfigureAwait(false);
    }

    private async ValueTask Write(ApiRequest request, List<TxnOp> operations)
    {
        operations.RemoveAll(IsNothing);
        var result = await _gateway.ApplyAsync(CommandCodec.Encode(new TxnRequest { Ops = operations }), default).ConfigureAwait(false);
        if (result.Txn is { } outcome) await Send(request, outcome).ConfigureAwait(false);
        else await request.SendErrorAsync(result.Text).ConfigureAwait(false);
    }

    private async ValueTask ReadAtServersAsync(ApiRequest request, IServerCalls servers, List<TxnOp> operations, ReadOptions options)
    {
        byte[] argument = CommandArguments.OfTxnRead(_gateway.Identity.Datacenter, operations, RemoteReads.OptionsOf(request, options with { Index = 0 }, TimeSpan.Zero));
        var (outcome, error) = await servers.ReadAsync("Txn.Read", argument, static result => CommandResults.ReadTxn(result)).ConfigureAwait(false);
        if (error is not null)
        {
            await request.SendErrorAsync(error).ConfigureAwait(false);
            return;
        }
        ReadResponder.SetContact(request, outcome.Meta);
        await Send(request, outcome.Txn).ConfigureAwait(false);
    }

    private async ValueTask Read(ApiRequest request, List<TxnOp> operations, ReadOptions options)
    {
        if (reads.Servers is { } servers)
        {
            await ReadAtServersAsync(request, servers, operations, options).ConfigureAwait(false);
            return;
        }
        var grant = await options.GrantAsync(_gateway).ConfigureAwait(false);
        if (grant.Root is null)
        {
            await request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader).ConfigureAwait(false);
            return;
        }
        ReadResponder.SetContact(request, grant);
        await Send(request, TxnRead.Run(grant.Root, operations)).ConfigureAwait(false);
    }

    private ValueTask Send(ApiRequest request, TxnResponse outcome)
    {
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Results"u8);
        if (outcome.Errors.Count > 0) json.Null();
        else WriteResults(json, outcome.Results);
        json.Name("Errors"u8);
        if (outcome.Errors.Count == 0) json.Null();
        else WriteErrors(json, outcome.Errors);
        json.EndObject();
        return request.SendJsonAsync(outcome.Errors.Count > 0 ? 409 : 200);
    }

    private void WriteResults(JsonOut json, IReadOnlyList<TxnResult> results)
    {
        json.BeginArray();
        foreach (var result in results)
        {
            json.BeginObject();
            if (result.Kv is { } entry)
            {
                json.Name("KV"u8);
                ModelJson.Write(json, entry, withValue: !result.KvWithoutValue);
            }
            else if (result.Node is { } node)
            {
                json.Name("Node"u8);
                ModelJson.Write(json, node, _gateway.Identity.Datacenter);
            }
            else if (result.Service is { } service)
            {
                json.Name("Service"u8);
                ModelJson.Write(json, service);
            }
            else if (result.Check is { } check)
            {
                json.Name("Check"u8);
                ModelJson.Write(json, check, nullTags: true);
            }
            json.EndObject();
        }
        json.EndArray();
    }

    private static void WriteErrors(JsonOut json, IReadOnlyList<TxnError> errors)
    {
        json.BeginArray();
        foreach (var error in errors)
        {
            json.BeginObject();
            json.Name("OpIndex"u8);
            json.Number(error.OpIndex);
            json.Name("What"u8);
            json.String(error.What);
            json.EndObject();
        }
        json.EndArray();
    }

    private static string? TooMuch(List<TxnOp> operations, long valueBytesMax)
    {
        if (operations.Count > OperationsMax) return $"Transaction contains too many operations ({operations.Count} > {OperationsMax})";
        foreach (var operation in operations)
            if (operation.Kv is { } kv && kv.Entry.Value.Length > valueBytesMax)
                return $"Value for key {GoQuote.Quote(kv.Entry.Key)} is too large ({kv.Entry.Value.Length} > {valueBytesMax} bytes)";
        return null;
    }

    private static bool IsNothing(TxnOp operation) => operation.Kv is null && operation.Node is null && operation.Service is null && operation.Check is null;

    private static bool IsRead(TxnOp operation)
    {
        if (operation.Kv is { } kv) return kv.Verb is not (KvOps.Set or KvOps.Delete or KvOps.DeleteCas or KvOps.DeleteTree or KvOps.Cas or KvOps.Lock or KvOps.Unlock);
        if (operation.Node is { } node) return node.Verb == KvOps.Get;
        if (operation.Service is { } service) return service.Verb == KvOps.Get;
        return operation.Check is not { } check || check.Verb == KvOps.Get;
    }
}
