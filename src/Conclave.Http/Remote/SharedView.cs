using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Node.Streaming;
using Conclave.Rpc.Grpc;

namespace Conclave.Http.Remote;

/// <summary>One view, the subscription that feeds it, and all requests that want to know what it tells.</summary>
internal sealed class SharedView : IStreamReader
{
    private readonly ServiceViews _owner;
    private readonly RequestWaits _waits;
    private readonly ServiceView _view;                        // touched by the subscription's thread only, as _retry and _noted
    private readonly StreamRetry _retry;
    private readonly CancellationTokenSource _stop = new();
    private readonly Timer _end;
    private long _noted;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ViewQuestion> _questions = new(StringComparer.Ordinal);   // Guarded by _gate, like all below.
    private ServiceRows? _rows;
    private Instant _lostAt = RequestWaits.Now();
    private Instant _usedUntil;                                // until then it goes on though nobody waits
    private int _waiting;
    private bool _isEndSet;                                    // the timer of the end runs
    private bool _isHopeless;                                  // whoever wants to wait must wait elsewhere
    private bool _isResting;                                   // a server has refused, which is remembered for a while
    private bool _isOver;
    private bool _isTooLarge;                                  // subscription's thread only

    public SharedView(ServiceViews owner, ViewKey key, RequestWaits waits)
    {
        (_owner, Key, _waits) = (owner, key, waits);
        _view = new ServiceView(owner.Limits.ViewBytesMax);
        _retry = new StreamRetry(owner.Streams.HoldTime, new Prng((ulong)Random.Shared.NextInt64()));
        _end = new Timer(static view => ((SharedView)view!).EndIfUnused(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public ViewKey Key { get; }

    /// <summary>For how long no subscription has fed it; zero while one does.</summary>
    public TimeSpan LostFor
    {
        get
        {
            lock (_gate) return _rows is null || _lostAt == Instant.Never ? TimeSpan.Zero : RequestWaits.Now() - _lostAt;
        }
    }

    /// <summary>Begins to subscribe. Once, after the first request has joined.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>
    /// Gives an answer that is newer than what the client knows, or lets it wait for one. Null when a waiting call must be made; <paramref name="isOver"/> when the view has ended: look for
    /// another.
    /// </summary>
    public ViewJoin? Join(ReadQuery query, string question, bool pretty, in ReadOptions options, Func<Waiter> start, out bool isOver)
    {
        ViewQuestion? asked;
        ServiceRows rows;
        lock (_gate)
        {
            isOver = _isOver;
            if (_isOver) return null;
            bool isNews = _rows is not null && _rows.Index > options.Index;
            if (_isHopeless && !isNews) return null;
            asked = Find(query, question, pretty);
            if (asked is null) return null;
            if (options.Cached) _usedUntil = RequestWaits.Now() + _owner.Limits.CachedMax;
            if (!isNews)
            {
                var waiter = start();
                asked.Waiters.Add(waiter, options.Index);
                waiter.Question = asked;
                _waiting++;
                return new ViewJoin(this, null, waiter);
            }
            rows = _rows!;
            EndLater(isAnswered: true);
        }
        return new ViewJoin(this, asked.Render(rows, _owner), null);
    }

    /// <summary>A request has stopped waiting.</summary>
    public void Leave(Waiter waiter, bool isAnswered)
    {
        lock (_gate)
        {
            waiter.Question!.Waiters.Remove(waiter);
            _waiting--;
            EndLater(isAnswered);
        }
    }

    /// <summary>The answer as it is now; null when there is none, or only one that is older than the index.</summary>
    public SharedBody? Render(string question, ulong notBelow)
    {
        ViewQuestion? asked;
        ServiceRows rows;
        lock (_gate)
        {
            if (_rows is null || _rows.Index < notBelow || !_questions.TryGetValue(question, out asked)) return null;
            rows = _rows;
        }
        return asked.Render(rows, _owner);
    }

    void IStreamReader.OnServed()
    {
        _retry.OnServed(RequestWaits.Now());
        if (_view.Index > 0) ShowFed();
    }

    bool IStreamReader.OnMessage(ReadOnlySpan<byte> message)
    {
        bool fits = _view.Take(message) != ViewStep.TooLarge;
        fits &= _owner.TryNoteBytes(_view.Bytes - _noted);
        _noted = _view.Bytes;
        _isTooLarge |= !fits;
        return fits;
    }

    // Rendering is done here, once for each question that somebody waits for, before anybody is woken.
    void IStreamReader.OnDrained()
    {
        if (_view.Index == 0 || _view.Publish() is not { } rows) return;
        var answers = new List<(ViewQuestion Question, SharedBody? Body)>();
        bool isBack;
        lock (_gate)
        {
            if (_isOver || ReferenceEquals(rows, _rows)) return;
            isBack = _rows is not null && rows.Index < _rows.Index;
            (_rows, _lostAt, _isHopeless) = (rows, Instant.Never, false);
            foreach (var question in _questions.Values)
                if (IsAwaited(question, rows.Index, isBack)) answers.Add((question, null));
                else question.Forget();
        }
        for (int i = 0; i < answers.Count; i++) answers[i] = (answers[i].Question, answers[i].Question.Render(rows, _owner));
        var woken = new List<Waiter>();
        lock (_gate)
            foreach (var (question, body) in answers) TakeOut(question, rows.Index, isBack, body, woken);
        foreach (var waiter in woken) waiter.Wake();
    }

    private async Task RunAsync()
    {
        _ = GiveUpFirstAsync();
        try
        {
            while (await SubscribeAsync().ConfigureAwait(false) is { } pause)
                if (pause > TimeSpan.Zero) await Task.Delay(pause, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody asks any more.
        }
        finally
        {
            Close();
            SendElsewhere();
            _owner.TryNoteBytes(-_noted);
        }
    }

    // One subscription, from its beginning to its end. Gives the pause before the next one; null for none.
    private async ValueTask<TimeSpan?> SubscribeAsync()
    {
        _retry.OnBegun(RequestWaits.Now());
        _owner.NoteSubscription();
        var request = new SubscribeRequest { Topic = Key.Topic, Key = Key.Service, Token = Key.Token, Index = _view.Begin() };
        var end = await _owner.Streams.FollowAsync(request, this, _stop.Token).ConfigureAwait(false);
        if (end == StreamEnd.Stopping || _stop.IsCancellationRequested) return null;
        if (end == StreamEnd.Reset) _view.Forget();

        int servers = _owner.Streams.ServerCount;
        var pause = _retry.OnEnded(end, servers, RequestWaits.Now());
        bool isHopeless = _isTooLarge;
        lock (_gate)
        {
            _lostAt = _retry.LostAt;
            isHopeless |= _retry.IsHopeless(_rows is not null, servers, RequestWaits.Now());
        }
        if (isHopeless) SendElsewhere();
        if (!isHopeless || !(_isTooLarge || _retry.IsRefused(servers))) return pause;
        await RestAsync().ConfigureAwait(false);
        return null;
    }

    // Nothing is shown from here meanwhile. Then the view ends, and the next one who asks begins anew.
    private async ValueTask RestAsync()
    {
        lock (_gate) (_isResting, _rows) = (true, null);
        _owner.TryNoteBytes(-_noted);
        _noted = 0;
        await Task.Delay(_owner.Limits.RefusedRest, _stop.Token).ConfigureAwait(false);
    }

    // A server that says nothing must not hold up who needs a first answer.
    private async Task GiveUpFirstAsync()
    {
        try
        {
            await Task.Delay(_owner.Limits.FirstAnswerMax, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        bool hasRows;
        lock (_gate) hasRows = _rows is not null;
        if (!hasRows) SendElsewhere();
    }

    // All who wait are woken without an answer.
    private void SendElsewhere()
    {
        var woken = new List<Waiter>();
        lock (_gate)
        {
            _isHopeless = true;
            foreach (var question in _questions.Values) TakeOut(question, ulong.MaxValue, all: true, body: null, woken);
        }
        foreach (var waiter in woken) waiter.Wake();
    }

    private void ShowFed()
    {
        lock (_gate) (_lostAt, _isHopeless) = (Instant.Never, false);
    }

    private ViewQuestion? Find(ReadQuery query, string question, bool pretty)
    {
        if (_questions.TryGetValue(question, out var known)) return known;
        if (_questions.Count >= _owner.Limits.QuestionsMax)
        {
            foreach (var (text, other) in _questions)
                if (other.Waiters.Count == 0) _questions.Remove(text);
            if (_questions.Count >= _owner.Limits.QuestionsMax) return null;
        }
        var added = new ViewQuestion(query.Fresh(), pretty);
        _questions.Add(question, added);
        return added;
    }

    private static bool IsAwaited(ViewQuestion question, ulong index, bool all) => all ? question.Waiters.Count > 0 : question.Waiters.AnyBefore(index);

    private static void TakeOut(ViewQuestion question, ulong index, bool all, SharedBody? body, List<Waiter> into)
    {
        int first = into.Count;
        if (all) question.Waiters.TakeAll(into);
        else question.Waiters.TakeBefore(index, into);
        for (int i = first; i < into.Count; i++) into[i].Body = body;
    }

    // Called with the lock held.
    private void EndLater(bool isAnswered)
    {
        if (_waiting > 0 || _isOver) return;
        var now = RequestWaits.Now();
        if (isAnswered && now + _owner.Limits.Linger > _usedUntil) _usedUntil = now + _owner.Limits.Linger;
        if (_isEndSet) return;
        _isEndSet = true;
        _end.Change(Math.Max(0, (long)Math.Ceiling((_usedUntil - now).TotalMilliseconds)), Timeout.Infinite);
    }

    private void EndIfUnused()
    {
        lock (_gate)
        {
            _isEndSet = false;
            if (_isOver || _isResting || _waiting > 0) return;
            if (RequestWaits.Now() < _usedUntil)
            {
                EndLater(isAnswered: false);
                return;
            }
            _isOver = true;
        }
        Close();
    }

    private void Close()
    {
        lock (_gate) _isOver = true;
        _owner.Remove(this);
        _end.Dispose();
        _stop.Cancel();
    }
}
