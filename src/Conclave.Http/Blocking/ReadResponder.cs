using System.Globalization;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Rpc.Messages;
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

/// <summary>Answers reads of the state: freshness, waiting, headers. On an agent without a state the servers are asked.</summary>
public sealed class ReadResponder
{
    private readonly IndexTexts _texts = new();
    private readonly CacheMemory _cached = new();
    private readonly INodeGateway _gateway;
    private readonly RemoteReads? _remote;

    /// <param name="gateway">The node.</param>
    /// <param name="servers">The way to the servers for an agent without a state; null for one that has one.</param>
    /// <param name="streams">Subscriptions at the servers for such an agent; null to make none.</param>
    public ReadResponder(INodeGateway gateway, IServerCalls? servers = null, IServiceStreams? streams = null)
        : this(gateway, servers, streams, new ViewLimits())
    {
        // The bounds are the only thing that tests need otherwise.
    }

    internal ReadResponder(INodeGateway gateway, IServerCalls? servers, IServiceStreams? streams, ViewLimits limits)
    {
        _gateway = gateway;
        Blocking = new BlockingQueries(gateway);
        if (servers is not null) _remote = new RemoteReads(servers, this, streams is null ? null : new ServiceViews(streams, this, limits));
    }

    /// <summary>The reads that wait.</summary>
    public BlockingQueries Blocking { get; }

    /// <summary>The way to the servers; null on an agent with a state of its own.</summary>
    public IServerCalls? Servers => _remote?.Servers;

    /// <summary>What subscriptions tell, on an agent without a state that makes some; else null.</summary>
    internal ServiceViews? Views => _remote?.Views;

    /// <summary>The node behind the reads.</summary>
    public INodeGateway Gateway => _gateway;

    /// <summary>Answers <paramref name="query"/> as the request asks. The options were read with <see cref="ApiRequest.TryReadOptions"/>.</summary>
    public ValueTask RespondAsync(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style)
    {
        if (request.IsForeignDatacenter(_gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        if (_remote is not null) return _remote.RespondAsync(request, query, options, style);
        var granted = options.GrantAsync(_gateway);
        if (!granted.IsCompletedSuccessfully || options.Index > 0) return RespondLaterAsync(request, query, options, style, granted);
        return Answer(request, query, options, style, granted.Result);
    }

    /// <summary>Waits until a read of something that nobody has is allowed, and sets its headers. Gives the text of an error, or null.</summary>
    internal async ValueTask<string?> TryBeginAsync(ApiRequest request, ReadOptions options)
    {
        if (_remote is not null)
        {
            var (meta, error) = await _remote.AskAsync(EmptyRows.New(this), RemoteReads.OptionsOf(request, options with { Index = 0 }, TimeSpan.Zero), CancellationToken.None).ConfigureAwait(false);
            if (error is null) SetHeaders(request, meta);
            return error;
        }
        var grant = await options.GrantAsync(_gateway).ConfigureAwait(false);
        if (grant.Root is null) return grant.Error ?? ErrorText.NoLeader;
        SetHeaders(request, 1, grant);
        return null;
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

    /// <summary>Sets the headers of a read that servers answered.</summary>
    internal void SetHeaders(ApiRequest request, in QueryMeta meta) => SetHeaders(request, meta.Index, GrantOf(meta));

    /// <summary>Sends what a question holds that servers answered.</summary>
    internal ValueTask SendFound(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style, in QueryMeta meta)
    {
        SetAllHeaders(request, meta.Index, options, style, GrantOf(meta));
        return Write(request, query);
    }

    /// <summary>Sends an answer of servers that others share, and gives it back.</summary>
    internal ValueTask SendFound(ApiRequest request, SharedBody body, string contentType, in ReadOptions options, ReadStyle style, in QueryMeta meta) =>
        SendShared(request, body, contentType, options, style, GrantOf(meta));

    /// <summary>Sends an answer out of the cache.</summary>
    internal ValueTask SendCached(ApiRequest request, FoundAnswer found, in ReadOptions options, ReadStyle style, bool isHit, TimeSpan lostFor)
    {
        SetAllHeaders(request, found.Meta.Index, options with { Cached = false }, style, GrantOf(found.Meta));
        request.ResponseHeaders["X-Cache"] = isHit ? "HIT" : "MISS";
        // Kept current all the time: it ages only while no server can be asked.
        if (isHit) request.ResponseHeaders.Age = ((long)lostFor.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return found.IsMissing ? request.SendEmptyAsync(404) : request.SendAsync(200, found.ContentType, found.Bytes);
    }

    /// <summary>Sends what a subscription has told.</summary>
    internal ValueTask SendStreamed(ApiRequest request, SharedBody body, in ReadOptions options, ReadStyle style, bool isHit, TimeSpan lostFor)
    {
        // Whoever takes an unknown leader for a failure would reject good answers, so the header says whether a server feeds them.
        SetAllHeaders(request, body.Index, options with { Cached = false }, style, new ReadGrant(null, null, lostFor == TimeSpan.Zero, 0));
        request.ResponseHeaders["X-Consul-Query-Backend"] = "streaming";
        if (options.Cached)
        {
            request.ResponseHeaders["X-Cache"] = isHit ? "HIT" : "MISS";
            if (isHit) request.ResponseHeaders.Age = ((long)lostFor.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
        return request.SendSharedAsync("application/json", body);
    }

    /// <summary>Sets the headers of a read without an index that servers answered.</summary>
    internal static void SetContact(ApiRequest request, in QueryMeta meta) => SetContact(request, GrantOf(meta));

    // Only what the headers tell counts.
    private static ReadGrant GrantOf(in QueryMeta meta) => new(null, null, meta.KnownLeader, meta.LastContactNanoseconds / 1_000_000);

    private ValueTask Answer(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style, in ReadGrant grant)
    {
        if (grant.Root is null) return request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader);
        return Send(request, query, options, style, grant, grant.Root);
    }

    private ValueTask Send(ApiRequest request, ReadQuery query, in ReadOptions options, ReadStyle style, in ReadGrant grant, StateRoot root)
    {
        var index = query.Run(root, null);
        SetAllHeaders(request, index, options, style, grant);
        return Write(request, query);
    }

    private static ValueTask Write(ApiRequest request, ReadQuery query)
    {
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
        Send(request, query.Fresh(), options, style, grant, _gateway.Root);

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
