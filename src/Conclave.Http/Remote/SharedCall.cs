using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>One call that waits at a server for a change, and all requests here that want its answer.</summary>
/// <param name="owner">Carries the call out.</param>
/// <param name="key">What is asked, behind which index.</param>
/// <param name="query">The question; an object of the call's own.</param>
/// <param name="options">Options of the call.</param>
/// <param name="pretty">Whether the answer is indented.</param>
/// <param name="endsBy">When the server has answered at the latest.</param>
internal sealed class SharedCall(RemoteReads owner, string key, ReadQuery query, QueryOptions options, bool pretty, Instant endsBy)
{
    private readonly Lock _gate = new();
    private readonly WaiterList<Waiter> _waiters = new();      // Guarded by _gate.
    private readonly CancellationTokenSource _abandoned = new();
    private bool _isOver;                                      // Guarded by _gate.

    public string Key { get; } = key;

    public Instant EndsBy { get; } = endsBy;

    /// <summary>What stands beside the answer; there when a waiter has been woken.</summary>
    public QueryMeta Meta { get; private set; }

    /// <summary>Why there is no answer, or null; there when a waiter has been woken.</summary>
    public string? Error { get; private set; }

    /// <summary>Joins those who wait; null when the call is over.</summary>
    public Waiter? TryJoin(Func<Waiter> start)
    {
        lock (_gate)
        {
            if (_isOver) return null;
            var waiter = start();
            _waiters.Add(waiter, indexSeen: 0);
            return waiter;
        }
    }

    /// <summary>Begins the call. Once, after the first one has joined.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>Takes out a request that does not wait any more. The call ends with the last one.</summary>
    public void Leave(Waiter waiter)
    {
        lock (_gate)
        {
            if (!_waiters.Remove(waiter) || _waiters.Count > 0 || _isOver) return;
            _isOver = true;
        }
        owner.Remove(this);
        _abandoned.Cancel();
    }

    private async Task RunAsync()
    {
        try
        {
            (Meta, Error) = await owner.AskAsync(query, options, _abandoned.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;                                            // nobody waits
        }
        catch (Exception failure) when (failure is not InvariantBrokenException)
        {
            // Whatever it was, those who wait must hear of it: nobody else is there to.
            Error = failure.Message;
        }
        Complete();
    }

    private void Complete()
    {
        List<Waiter> woken = [];
        lock (_gate)
        {
            if (_isOver) return;
            _isOver = true;
            _waiters.TakeAll(woken);
            var body = Error is null ? Render(woken.Count) : null;
            foreach (var waiter in woken) waiter.Body = body;
        }
        owner.Remove(this);
        foreach (var waiter in woken) waiter.Wake();
    }

    private SharedBody Render(int holders)
    {
        var json = query.Render(pretty);
        var body = new SharedBody(json, Math.Max(1, Meta.Index), query.IsMissing, holders);
        query.Forget();
        return body;
    }
}
