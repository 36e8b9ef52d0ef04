using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>
/// The agent's cache: answers that clients asked for with <c>?cached</c>, kept current by a call each that waits at a server for the next change, and given up when nobody has
/// asked for them for a while. Thread-safe.
/// </summary>
internal sealed class AnswerCache : IDisposable
{
    /// <summary>Answers kept at a time; of more, the one that was asked for the longest ago goes.</summary>
    private const int AnswersMax = 1024;

    // Nobody asks any more: each answer kept is a waiting call at a server.
    private static readonly TimeSpan UnusedMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly RemoteReads _reads;
    private readonly ReadResponder _responder;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CachedAnswer> _answers = new(StringComparer.Ordinal);   // Guarded by _gate.
    private readonly Timer _sweep;

    public AnswerCache(RemoteReads reads, ReadResponder responder)
    {
        (_reads, _responder) = (reads, responder);
        _sweep = new Timer(static cache => ((AnswerCache)cache!).Sweep(), this, SweepInterval, SweepInterval);
    }

    /// <summary>Answers kept now.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _answers.Count;
        }
    }

    /// <summary>Answers from the cache: at once when it has something newer than the client knows, else with the next change or when the client's time is over.</summary>
    public async ValueTask RespondAsync(ApiRequest request, ReadQuery query, ReadOptions options, ReadStyle style)
    {
        var (answer, isNew) = Find(request, query);
        var waiter = answer.TryJoin(options.Index, () => request.Server.Waits.Start(request, options.Wait));
        // Whoever brought the answer here did not find it, even when the server was quick enough that there was nothing to wait for.
        bool isHit = waiter is null && !isNew;
        if (waiter is not null)
        {
            var end = await waiter.WaitAsync().ConfigureAwait(false);
            answer.Leave(waiter);
            if (end is WaitEnd.ClientGone or WaitEnd.Stopping)
            {
                request.Abort();
                return;
            }
        }
        var (found, error, lostFor) = answer.Look();
        bool isTooOld = error is not null && options.StaleIfError is { } bound && lostFor > bound;
        if (found is null || isTooOld) await request.SendErrorAsync(error ?? Server.ErrorText.NoLeader).ConfigureAwait(false);
        else await _responder.SendCached(request, found, options, style, isHit, lostFor).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sweep.Dispose();
        List<CachedAnswer> all;
        lock (_gate)
        {
            all = [.. _answers.Values];
            _answers.Clear();
        }
        foreach (var answer in all) answer.Stop();
    }

    /// <summary>An answer that nobody has got yet could not be had: the next one who asks tries anew.</summary>
    internal void Forget(CachedAnswer answer)
    {
        lock (_gate)
        {
            if (_answers.TryGetValue(answer.Key, out var known) && ReferenceEquals(known, answer)) _answers.Remove(answer.Key);
        }
        answer.Stop();
    }

    private (CachedAnswer Answer, bool IsNew) Find(ApiRequest request, ReadQuery query)
    {
        string key = $"{request.QuestionKey()}\uffff{request.Token()}";
        CachedAnswer? answer, evicted = null;
        bool isNew = false;
        lock (_gate)
        {
            if (!_answers.TryGetValue(key, out answer))
            {
                isNew = true;
                if (_answers.Count >= AnswersMax) evicted = TakeLeastUsed();
                // Any server may answer: the cache is older than the state anyway.
                var options = RemoteReads.OptionsOf(request, new ReadOptions { Mode = ReadMode.Stale }, TimeSpan.Zero);
                answer = new CachedAnswer(this, _reads, key, query.Fresh(), options, request.IsPretty);
                _answers.Add(key, answer);
            }
            answer.LastUse = RequestWaits.Now();
        }
        evicted?.Stop();
        if (isNew) answer.Start();
        return (answer, isNew);
    }

    private CachedAnswer? TakeLeastUsed()
    {
        CachedAnswer? least = null;
        foreach (var answer in _answers.Values)
            if (least is null || answer.LastUse < least.LastUse) least = answer;
        if (least is not null) _answers.Remove(least.Key);
        return least;
    }

    private void Sweep()
    {
        var unused = new List<CachedAnswer>();
        lock (_gate)
        {
            var now = RequestWaits.Now();
            foreach (var answer in _answers.Values)
                if (now - answer.LastUse > UnusedMax && !answer.HasWaiters) unused.Add(answer);
            foreach (var answer in unused) _answers.Remove(answer.Key);
        }
        foreach (var answer in unused) answer.Stop();
    }
}
