using Conclave.Core;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>What was found: rendered once for all who ask.</summary>
/// <param name="Bytes">The answer.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="IsMissing">It is 404 without a body.</param>
/// <param name="Meta">What stands beside it.</param>
internal sealed record FoundAnswer(byte[] Bytes, string ContentType, bool IsMissing, QueryMeta Meta);

/// <summary>One answer in the cache, and the call that keeps it current.</summary>
internal sealed class CachedAnswer(AnswerCache owner, RemoteReads reads, string key, ReadQuery query, QueryOptions options, bool pretty)
{
    // How long a call waits at the server before it is made anew.
    private static readonly TimeSpan RefreshTimeout = TimeSpan.FromMinutes(10);

    // After that many failures in a row the next attempt waits, twice as long each time.
    private const int FailuresAtOnce = 3;
    private static readonly TimeSpan BackOffMin = TimeSpan.FromMilliseconds(100), BackOffMax = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly WaiterList<Waiter> _waiters = new();      // Guarded by _gate, like all below.
    private readonly CancellationTokenSource _stop = new();
    private FoundAnswer? _found;
    private string? _error;
    private Instant _lostAt = Instant.Never;
    private bool _isOver;

    public string Key { get; } = key;

    /// <summary>When somebody asked for it last; guarded by the cache's lock.</summary>
    public Instant LastUse { get; set; }

    public bool HasWaiters
    {
        get
        {
            lock (_gate) return _waiters.Count > 0;
        }
    }

    /// <summary>Begins to keep it current.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>Gives it up. Whoever waits is woken.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isOver = true;
            WakeAll();
        }
        _stop.Cancel();
    }

    /// <summary>Waits for something newer than <paramref name="indexSeen"/>; null when that is there.</summary>
    public Waiter? TryJoin(ulong indexSeen, Func<Waiter> start)
    {
        lock (_gate)
        {
            bool isNewer = _found is { } found && (indexSeen == 0 || found.Meta.Index > indexSeen);
            if (isNewer || _isOver) return null;
            var waiter = start();
            _waiters.Add(waiter, indexSeen);
            return waiter;
        }
    }

    /// <summary>Takes out a request that does not wait any more.</summary>
    public void Leave(Waiter waiter)
    {
        lock (_gate)
        {
            _waiters.Remove(waiter);
        }
    }

    /// <summary>What is there, why it is not current any more, and for how long it has not been.</summary>
    public (FoundAnswer? Found, string? Error, TimeSpan LostFor) Look()
    {
        lock (_gate) return (_found, _error, _lostAt == Instant.Never ? TimeSpan.Zero : RequestWaits.Now() - _lostAt);
    }

    private async Task RunAsync()
    {
        ulong index = 0;
        int failures = 0;
        try
        {
            while (true)
            {
                var (meta, error) = await AskAsync(index).ConfigureAwait(false);
                if (error is null)
                {
                    failures = 0;
                    // An index that went back means that the state is another one: ask for what it holds now.
                    index = meta.Index < index ? 0 : Math.Max(1, meta.Index);
                    Take(meta);
                    continue;
                }
                if (!OnFailed(error))
                {
                    owner.Forget(this);
                    return;
                }
                await Task.Delay(BackOff(++failures), _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Given up.
        }
    }

    private async ValueTask<(QueryMeta Meta, string? Error)> AskAsync(ulong index)
    {
        try
        {
            return await reads.AskAsync(query, options with { MinQueryIndex = index, MaxQueryTimeNanoseconds = index == 0 ? 0 : RefreshTimeout.Ticks * 100 }, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (InvariantBrokenException or OperationCanceledException))
        {
            return (default, failure.Message);
        }
    }

    private void Take(QueryMeta meta)
    {
        var found = Render(meta);
        lock (_gate)
        {
            bool isReplaced = _found is { } before && meta.Index < before.Meta.Index;
            (_found, _error, _lostAt) = (found, null, Instant.Never);
            if (isReplaced) WakeAll();
            else WakeBefore(meta.Index);
        }
    }

    // False when there is nothing that could be shown meanwhile.
    private bool OnFailed(string error)
    {
        lock (_gate)
        {
            _error = error;
            if (_lostAt == Instant.Never) _lostAt = RequestWaits.Now();
            if (_found is not null) return true;
            WakeAll();
            return false;
        }
    }

    private FoundAnswer Render(QueryMeta meta)
    {
        var json = query.Render(pretty);
        var found = new FoundAnswer(json.WrittenMemory.ToArray(), query.ContentType, query.IsMissing, meta);
        json.Release();
        query.Forget();
        return found;
    }

    private void WakeBefore(ulong index)
    {
        List<Waiter> woken = [];
        _waiters.TakeBefore(index, woken);
        foreach (var waiter in woken) waiter.Wake();
    }

    private void WakeAll()
    {
        List<Waiter> woken = [];
        _waiters.TakeAll(woken);
        foreach (var waiter in woken) waiter.Wake();
    }

    private static TimeSpan BackOff(int failures)
    {
        if (failures <= FailuresAtOnce) return BackOffMin;
        var pause = TimeSpan.FromSeconds(1L << Math.Min(failures - FailuresAtOnce, 10));
        return pause < BackOffMax ? pause : BackOffMax;
    }
}
