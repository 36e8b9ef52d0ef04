using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Hosting.Gossip;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Pools;

/// <summary>Brings the servers of this datacenter into the pool between datacenters, so that joining one server is enough.</summary>
internal sealed class FloodJoin(GossipRuntime lan, GossipRuntime wan, string datacenter, ILogger logger, TimeProvider time)
{
    // Members that are missing without a change in the pool of the datacenter are found after this.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    // A join storm is looked at as a whole.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _signal = new(1, 1);
    private int _isSignalled = 1;

    /// <summary>The members of the datacenter's pool have changed. Returns at once.</summary>
    public void OnLanChanged()
    {
        if (Interlocked.Exchange(ref _isSignalled, 1) == 0) _signal.Release();
    }

    /// <summary>Runs until <paramref name="stop"/> or the end of a pool.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await WaitAsync(stop).ConfigureAwait(false);
                var missing = Missing();
                if (missing.Count > 0) await JoinAsync(missing).WaitAsync(stop).ConfigureAwait(false);
                await Task.Delay(Settle, time, stop).ConfigureAwait(false);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or MembershipException)
        {
            // The agent stops, or a pool has ended, which it tells itself.
        }
        finally
        {
            _signal.Dispose();
        }
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var wake = _signal.WaitAsync(round.Token);
        if (await Task.WhenAny(wake, Task.Delay(Interval, time, round.Token)).ConfigureAwait(false) == wake) Interlocked.Exchange(ref _isSignalled, 0);
        await round.CancelAsync().ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
    }

    private List<GossipTarget> Missing()
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in wan.Members)
            if (member.Status == MemberStatus.Alive) there.Add(member.Name);
        var missing = new List<GossipTarget>();
        foreach (var member in lan.Members)
        {
            if (member.Status != MemberStatus.Alive || !ConsulServer.TryParse(member, out var server) || server.Datacenter != datacenter || server.WanJoinPort == 0) continue;
            string name = ConsulTags.WanName(member.Name, datacenter);
            if (!there.Contains(name)) missing.Add(new GossipTarget(member.Endpoint with { Port = server.WanJoinPort }, name));
        }
        return missing;
    }

    // What cannot be reached is tried again with the next change or in a minute.
    private async Task JoinAsync(List<GossipTarget> missing)
    {
        PoolLog.Flooding(logger, string.Join(' ', missing.Select(static target => $"{target.Name}/{target.Endpoint}")));
        var done = await wan.OperateAsync((pool, request) => pool.Join(request, missing, ignoreOldEvents: true)).ConfigureAwait(false);
        if (done.Error is { } error) PoolLog.CouldNotJoin(logger, error.ReplaceLineEndings("; "));
    }
}
