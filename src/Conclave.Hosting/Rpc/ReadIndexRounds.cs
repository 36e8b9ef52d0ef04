using Conclave.Core;
using Conclave.Node;
using Conclave.Node.Forwarding;

namespace Conclave.Hosting.Calls;

/// <summary>
/// Linearizable reads on a server that does not lead. All that wait at a moment share one question to the leader; a read never joins one that was asked before the read
/// came, for its answer could be too old. A question is asked once: each read holds out for a leader by itself, however long others have waited before it.
/// </summary>
/// <param name="local">The node.</param>
/// <param name="statusChanged">Fires when its view of the leader has changed.</param>
/// <param name="rootPublished">Fires when its state has.</param>
/// <param name="calls">Calls that are given up when there is no leader, or after one attempt at it.</param>
/// <param name="mode">How fresh the reads must be.</param>
/// <param name="limits">How long a read holds out, and its pauses.</param>
/// <param name="time">Clocks and timers.</param>
internal sealed class ReadIndexRounds(INodeGateway local, Pulse statusChanged, Pulse rootPublished, LeaderCalls calls, ReadMode mode, ForwardLimits limits, TimeProvider time)
{
    private readonly SystemClock _clock = new(time);
    private readonly Lock _gate = new();
    private Task<ReadGrant> _running = Task.FromResult<ReadGrant>(default);   // Guarded by _gate.
    private Task<ReadGrant>? _next;                                            // Guarded by _gate.

    /// <summary>Waits until this node has applied what the leader had committed when, or after, the read came.</summary>
    public async ValueTask<ReadGrant> ReadAsync(CancellationToken stop)
    {
        var until = _clock.Now + limits.HoldTime;
        while (true)
        {
            var changed = statusChanged.Next;
            var grant = await Round().WaitAsync(stop).ConfigureAwait(false);
            if (grant.Error != ErrorTexts.NoLeader || _clock.Now >= until || calls.Ending.IsCancellationRequested) return grant;
            await PauseAsync(changed, until, stop).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
        }
    }

    private Task<ReadGrant> Round()
    {
        lock (_gate)
        {
            if (_running.IsCompleted) return _running = Task.Run(RunAsync, CancellationToken.None);
            return _next ??= FollowAsync(_running);
        }
    }

    // Whoever is said to lead is left alone for a moment; without anybody, only news help.
    private async ValueTask PauseAsync(Task changed, Instant until, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, calls.Ending);
        var pauseEnd = _clock.Now + limits.PauseMin + TimeSpan.FromTicks(Random.Shared.NextInt64((limits.PauseMax - limits.PauseMin).Ticks + 1));
        await CallTurns.WaitAsync(changed, local.Status.KnownLeader && pauseEnd < until ? pauseEnd : until, _clock, time, end.Token).ConfigureAwait(false);
    }

    private async Task<ReadGrant> FollowAsync(Task<ReadGrant> before)
    {
        // How the round before ended is its own readers' concern. Yields in any case: this task must stand in _next before it takes itself out of there.
        await Task.WhenAny(before).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        lock (_gate)
        {
            _running = _next!;
            _next = null;
        }
        return await RunAsync().ConfigureAwait(false);
    }

    private async Task<ReadGrant> RunAsync()
    {
        var asked = await calls.RunAsync(new ReadIndexRequest(local, mode), CancellationToken.None).ConfigureAwait(false);
        if (asked.Error is not null) return new ReadGrant(null, asked.Error, KnownLeader: false, 0);
        return await AppliedAsync(asked.Value).ConfigureAwait(false);
    }

    private async Task<ReadGrant> AppliedAsync(ulong index)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            var published = rootPublished.Next;
            var root = local.Root;
            if (root.LastIndex >= index) return new ReadGrant(root, null, KnownLeader: true, 0);
            var left = limits.HoldTime - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) return new ReadGrant(null, ErrorTexts.NoLeader, KnownLeader: false, 0);
            await published.WaitAsync(left, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
