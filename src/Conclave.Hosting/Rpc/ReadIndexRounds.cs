using Conclave.Node;

namespace Conclave.Hosting.Calls;

/// <summary>
/// Linearizable reads on a server that does not lead. All that wait at a moment share one question to the leader; a read never joins one that was asked before the read
/// came, for its answer could be too old.
/// </summary>
internal sealed class ReadIndexRounds(INodeGateway local, Pulse rootPublished, LeaderCalls calls, ReadMode mode, TimeSpan applyTimeout, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Task<ReadGrant> _running = Task.FromResult<ReadGrant>(default);   // Guarded by _gate.
    private Task<ReadGrant>? _next;                                            // Guarded by _gate.

    /// <summary>Waits until this node has applied what the leader had committed when, or after, the read came.</summary>
    public async ValueTask<ReadGrant> ReadAsync(CancellationToken stop)
    {
        Task<ReadGrant> round;
        lock (_gate)
        {
            if (_running.IsCompleted) round = _running = Task.Run(RunAsync, CancellationToken.None);
            else round = _next ??= FollowAsync(_running);
        }
        return await round.WaitAsync(stop).ConfigureAwait(false);
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
            var left = applyTimeout - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) return new ReadGrant(null, ErrorTexts.NoLeader, KnownLeader: false, 0);
            await published.WaitAsync(left, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
