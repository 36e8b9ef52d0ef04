using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Node;

namespace Conclave.Http.Remote;

/// <summary>
/// What subscriptions tell of services: one subscription for each service and token, whoever and however many ask. It ends when the last one who waited has gone, unless somebody asked with
/// <c>?cached</c>. Thread-safe.
/// </summary>
internal sealed class ServiceViews(IServiceStreams streams, ReadResponder responder, ViewLimits limits)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ViewKey, SharedView> _views = [];      // Guarded by _gate.
    private long _bytes, _renderings, _subscriptions;

    /// <summary>Views that are there.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _views.Count;
        }
    }

    /// <summary>Memory of all views, about.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How often an answer was rendered.</summary>
    public long Renderings => Interlocked.Read(ref _renderings);

    /// <summary>How often a server was asked for a subscription.</summary>
    public long Subscriptions => Interlocked.Read(ref _subscriptions);

    internal IServiceStreams Streams => streams;

    internal ViewLimits Limits => limits;

    /// <summary>
    /// Answers a read; false when no subscription can: then it must be asked otherwise, for the time that is left. Nothing was sent in that case.
    /// </summary>
    public async ValueTask<(bool IsDone, TimeSpan Left)> RespondAsync(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style)
    {
        var until = request.Server.Waits.DeadlineOf(options.Wait);
        string question = request.QuestionKey();
        if (Join(request, query, question, options, until) is not { } joined) return (false, options.Wait);
        var body = joined.Body;
        bool isHit = body is not null;
        if (joined.Waiter is { } waiter)
        {
            var end = await waiter.WaitAsync().ConfigureAwait(false);
            joined.View.Leave(waiter, isAnswered: end != WaitEnd.ClientGone);
            if (end is WaitEnd.ClientGone or WaitEnd.Stopping)
            {
                request.Abort();
                return (true, default);
            }
            // What is shown at the end of the time must not be older than what the client has seen: then a server says what there is.
            body = waiter.Body ?? (end == WaitEnd.Deadline ? joined.View.Render(question, notBelow: options.Index) : null);
        }
        var lostFor = joined.View.LostFor;
        bool isTooOld = options.Cached && options.StaleIfError is { } bound && lostFor > bound;
        if (body is null || isTooOld) return (false, LeftUntil(until));
        await responder.SendStreamed(request, body, options, style, isHit, lostFor).ConfigureAwait(false);
        return (true, default);
    }

    internal void NoteRendering() => Interlocked.Increment(ref _renderings);

    internal void NoteSubscription() => Interlocked.Increment(ref _subscriptions);

    /// <summary>A view takes more memory, or less. False when it is too much.</summary>
    internal bool TryNoteBytes(long more) => Interlocked.Add(ref _bytes, more) <= limits.BytesMax || more <= 0;

    internal void Remove(SharedView view)
    {
        lock (_gate)
        {
            if (_views.TryGetValue(view.Key, out var known) && ReferenceEquals(known, view)) _views.Remove(view.Key);
        }
    }

    private ViewJoin? Join(ApiRequest request, ReadQuery query, string question, ReadOptions options, Instant until)
    {
        var key = new ViewKey(query.Streamed!.Topic, query.Streamed.Service, request.Token());
        while (true)
        {
            SharedView? view;
            bool isNew = false;
            lock (_gate)
            {
                if (!_views.TryGetValue(key, out view))
                {
                    if (_views.Count >= limits.ViewsMax) return null;
                    isNew = true;
                    view = new SharedView(this, key, request.Server.Waits);
                    _views.Add(key, view);
                }
            }
            var joined = view.Join(query, question, request.IsPretty, options, () => request.Server.Waits.StartUntil(request, until), out bool isOver);
            if (isNew) view.Start();
            if (!isOver) return joined;
        }
    }

    private static TimeSpan LeftUntil(Instant until)
    {
        var left = until - RequestWaits.Now();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
