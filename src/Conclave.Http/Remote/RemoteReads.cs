using Conclave.Core.Codec;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>
/// Reads of an agent without a state of its own: asked of the servers, rendered here. All requests that wait for the same question behind the same index share one call,
/// one reading of its result and one rendering; when the last of them leaves, the call ends.
/// </summary>
internal sealed class RemoteReads(IServerCalls servers, ReadResponder responder, ServiceViews? views)
{
    // The servers add up to a sixteenth to the time they wait, and the way there and back takes its time too.
    private const int JitterFraction = 16;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private AnswerCache? _cache;                               // Guarded by _gate; made when somebody asks for it.
    private readonly Dictionary<string, SharedCall> _calls = new(StringComparer.Ordinal);   // Guarded by _gate.

    /// <summary>The answers that are kept.</summary>
    public AnswerCache Cache
    {
        get
        {
            lock (_gate) return _cache ??= new AnswerCache(this, responder);
        }
    }

    /// <summary>Calls that wait at the servers.</summary>
    public int CallCount
    {
        get
        {
            lock (_gate) return _calls.Count;
        }
    }

    public IServerCalls Servers => servers;

    /// <summary>What subscriptions tell; null when none are made.</summary>
    public ServiceViews? Views => views;

    /// <summary>Answers a read that the client waits for at once or until something has changed.</summary>
    public async ValueTask RespondAsync(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style)
    {
        bool isCached = options.Cached && (style & ReadStyle.Cacheable) != 0;
        if (views is not null && IsStreamed(query, options, isCached))
        {
            var (isDone, left) = await views.RespondAsync(request, query, options, style).ConfigureAwait(false);
            if (isDone) return;
            if (options.Index > 0 && left <= TimeSpan.Zero) options.Index = 0;    // the time is over: what there is now
            options.Wait = left;
        }
        if (isCached) await Cache.RespondAsync(request, query, options, style).ConfigureAwait(false);
        else if (options.Index == 0) await AskAloneAsync(request, query, options, style).ConfigureAwait(false);
        else await WaitAsync(request, query, options, style).ConfigureAwait(false);
    }

    // A server may tell its subscribers of a change later than the leader knows it, and who demands consistency asks for more than that.
    private static bool IsStreamed(ReadQuery query, in ReadOptions options, bool isCached) => query.Streamed is not null && (isCached || options.Index > 0) && options.Mode != ReadMode.Consistent;

    internal void Remove(SharedCall call)
    {
        lock (_gate)
        {
            if (_calls.TryGetValue(call.Key, out var known) && ReferenceEquals(known, call)) _calls.Remove(call.Key);
        }
    }

    /// <summary>Asks a question once; the query holds the answer afterwards. Gives the error's text, or none.</summary>
    internal async ValueTask<(QueryMeta Meta, string? Error)> AskAsync(ReadQuery query, QueryOptions options, CancellationToken stop)
    {
        var question = query.Remote ?? throw new InvalidOperationException("a question that only a state answers");
        while (true)
        {
            var reply = await servers.AskAsync(question.MethodBytes, question.Encode(options), isRepeatable: true, stop).ConfigureAwait(false);
            if (reply.Error is not null) return (default, reply.Error);
            try
            {
                var meta = query.Read(reply.Result);
                bool isTooOld = options is { AllowStale: true, MaxStaleNanoseconds: > 0 } && meta.LastContactNanoseconds > options.MaxStaleNanoseconds;
                if (!isTooOld) return (meta, null);
                options = options with { AllowStale = false };         // then the leader answers
            }
            catch (MsgPackException malformed)
            {
                return (default, Forwarder.ErrorPrefix + malformed.Message);
            }
        }
    }

    internal static QueryOptions OptionsOf(ApiRequest request, in ReadOptions options, TimeSpan wait) => new()
    {
        Token = request.Token(),
        MinQueryIndex = options.Index,
        MaxQueryTimeNanoseconds = options.Index == 0 ? 0 : wait.Ticks * 100,
        AllowStale = options.Mode == ReadMode.Stale,
        RequireConsistent = options.Mode == ReadMode.Consistent,
        MaxStaleNanoseconds = options.MaxStale.Ticks * 100,
        Filter = request.Text(Param.Filter),
    };

    private async ValueTask AskAloneAsync(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style)
    {
        QueryMeta meta;
        try
        {
            (meta, string? error) = await AskAsync(query, OptionsOf(request, options with { Index = 0 }, TimeSpan.Zero), request.Aborted).ConfigureAwait(false);
            if (error is not null)
            {
                await request.SendErrorAsync(error).ConfigureAwait(false);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            request.Abort();
            return;
        }
        await responder.SendFound(request, query, options, style, meta).ConfigureAwait(false);
    }

    private async ValueTask WaitAsync(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style)
    {
        var limits = request.Server.Options;
        var wait = options.Wait <= TimeSpan.Zero ? limits.DefaultQueryTime : options.Wait < limits.MaxQueryTime ? options.Wait : limits.MaxQueryTime;
        var until = RequestWaits.Now() + wait;
        string key = KeyOf(request, options);
        var left = wait;
        while (true)
        {
            var (call, waiter) = Join(request, query, options, key, left);
            var end = await waiter.WaitAsync().ConfigureAwait(false);
            call.Leave(waiter);
            if (end is WaitEnd.ClientGone or WaitEnd.Stopping)
            {
                waiter.Body?.Release();
                request.Abort();
                return;
            }
            if (call.Error is { } error)
            {
                await request.SendErrorAsync(error).ConfigureAwait(false);
                return;
            }
            if (waiter.Body is not { } body)
            {
                await AskAloneAsync(request, query.Fresh(), options, style).ConfigureAwait(false);
                return;
            }
            // Somebody with less patience began this call, and nothing has changed in his time.
            bool isNews = call.Meta.Index != options.Index || RequestWaits.Now() >= until;
            if (!isNews)
            {
                body.Release();
                left = until - RequestWaits.Now();
                continue;
            }
            await responder.SendFound(request, body, query.ContentType, options, style, call.Meta).ConfigureAwait(false);
            return;
        }
    }

    private (SharedCall Call, Waiter Waiter) Join(ApiRequest request, ReadQuery query, in ReadOptions options, string key, TimeSpan wait)
    {
        var waits = request.Server.Waits;
        while (true)
        {
            SharedCall? call;
            bool isNew = false;
            lock (_gate)
            {
                if (!_calls.TryGetValue(key, out call))
                {
                    isNew = true;
                    call = new SharedCall(this, key, query.Fresh(), OptionsOf(request, options, wait), request.IsPretty, RequestWaits.Now() + wait + wait / JitterFraction);
                    _calls.Add(key, call);
                }
            }
            var patience = RequestWaits.Now() + wait + wait / JitterFraction;
            var deadline = call.EndsBy <= patience ? call.EndsBy + Grace : waits.DeadlineOf(wait);
            var waiter = call.TryJoin(() => waits.StartUntil(request, deadline));
            if (waiter is null) continue;
            if (isNew) call.Start();
            return (call, waiter);
        }
    }

    private static string KeyOf(ApiRequest request, in ReadOptions options) =>
        $"{request.QuestionKey()}\uffff{options.Index}\uffff{(int)options.Mode}\uffff{options.MaxStale.Ticks}\uffff{request.Token()}";
}
