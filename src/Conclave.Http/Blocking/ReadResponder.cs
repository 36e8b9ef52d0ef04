using System.Globalization;
using Conclave.Http.Requests;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>What an endpoint's reads show beside the answer.</summary>
[Flags]
public enum ReadStyle : byte
{
    /// <summary>Index, leader and contact only.</summary>
    Plain = 0,
    /// <summary>The header that names the consistency in effect.</summary>
    EffectiveConsistency = 1,
    /// <summary><c>?cached</c> works.</summary>
    Cacheable = 2,
}

/// <summary>Answers reads of the state: freshness, waiting, headers.</summary>
public sealed class ReadResponder(INodeGateway gateway)
{
    private readonly IndexTexts _texts = new();
    private readonly CacheMemory _cached = new();

    /// <summary>The reads that wait.</summary>
    public BlockingQueries Blocking { get; } = new(gateway);

    /// <summary>The node behind the reads.</summary>
    public INodeGateway Gateway => gateway;

    /// <summary>Answers <paramref name="query"/> as the request asks. The options were read with <see cref="ApiRequest.TryReadOptions"/>.</summary>
    public ValueTask RespondAsync(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style)
    {
        if (request.IsForeignDatacenter(gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        var granted = options.GrantAsync(gateway);
        if (!granted.IsCompletedSuccessfully || options.Index > 0) return RespondLaterAsync(request, query, options, style, granted);
        return Answer(request, query, options, style, granted.Result);
    }

    /// <summary>Sets the headers of a read.</summary>
    public void SetHeaders(ApiRequest request, ulong index, in ReadGrant grant)
    {
        request.ResponseHeaders["X-Consul-Index"] = _texts[Math.Max(1, index)];
        SetContact(request, grant);
    }

    /// <summary>Sets the headers of a read that has no index.</summary>
    public static void SetContact(ApiRequest request, in ReadGrant grant)
    {
        var headers = request.ResponseHeaders;
        headers["X-Consul-KnownLeader"] = grant.KnownLeader ? "true" : "false";
        headers["X-Consul-LastContact"] = grant.LastContactMilliseconds == 0 ? "0" : grant.LastContactMilliseconds.ToString(CultureInfo.InvariantCulture);
        headers["X-Consul-Query-Backend"] = "blocking-query";
    }

    private ValueTask Answer(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style, in ReadGrant grant)
    {
        if (grant.Root is null) return request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader);
        return Send(request, query, options, style, grant, grant.Root);
    }

    private ValueTask Send(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style, in ReadGrant grant, StateRoot root)
    {
        var index = query.Run(root, null);
        SetAllHeaders(request, index, options, style, grant);
        if (query.IsMissing) return request.SendEmptyAsync(404);
        var json = request.StartJson();
        query.Write(json);
        query.Forget();
        if (query.ContentType == "application/json") return request.SendJsonAsync();
        return request.SendAsync(200, query.ContentType, json.WrittenMemory);
    }

    private async ValueTask RespondLaterAsync(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style, ValueTask<ReadGrant> granted)
    {
        var grant = await granted.ConfigureAwait(false);
        if (grant.Root is null || options.Index == 0)
        {
            await Answer(request, query, options, style, grant).ConfigureAwait(false);
            return;
        }
        var (group, waiter) = Blocking.Join(request, query, options.Index, options.Wait);
        if (group is null || waiter is null)
        {
            await SendAlone(request, query, options, style, grant).ConfigureAwait(false);
            return;
        }
        var end = await waiter.WaitAsync().ConfigureAwait(false);
        group.Leave(waiter);
        if (end is WaitEnd.ClientGone or WaitEnd.Stopping)
        {
            waiter.Body?.Release();
            request.Abort();
        }
        else if (waiter.Body is { } body) await SendShared(request, body, query.ContentType, options, style, grant).ConfigureAwait(false);
        else await SendAlone(request, query, options, style, grant).ConfigureAwait(false);
    }

    private async ValueTask SendShared(ApiRequest request, SharedBody body, string contentType, ReadOptions options, ReadStyle style, ReadGrant grant)
    {
        try
        {
            SetAllHeaders(request, body.Index, options, style, grant);
            if (body.IsMissing) await request.SendEmptyAsync(404).ConfigureAwait(false);
            else await request.SendSharedAsync(contentType, body).ConfigureAwait(false);
        }
        finally
        {
            body.Release();
        }
    }

    // The question object may be the group's own, which another thread is asking for those who go on waiting: never touch it here.
    private ValueTask SendAlone(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style, ReadGrant grant) =>
        Send(request, query.Fresh(), options, style, grant, gateway.Root);

    private void SetAllHeaders(ApiRequest request, ulong index, in ReadOptions options, ReadStyle style, in ReadGrant grant)
    {
        SetHeaders(request, index, grant);
        if ((style & ReadStyle.EffectiveConsistency) != 0)
            request.ResponseHeaders["X-Consul-Effective-Consistency"] = options.Mode switch { ReadMode.Stale => "stale", ReadMode.Consistent => "consistent", _ => "leader" };
        if ((style & ReadStyle.Cacheable) == 0 || !options.Cached) return;
        var hit = _cached.Remember(request.QuestionKey());
        request.ResponseHeaders["X-Cache"] = hit ? "HIT" : "MISS";
        // The state behind the answer is this server's own and current, so a hit is never older than now.
        if (hit) request.ResponseHeaders.Age = "0";
    }
}
