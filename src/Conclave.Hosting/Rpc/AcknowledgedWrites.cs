using Conclave.Node;

namespace Conclave.Hosting.Calls;

/// <summary>
/// Lets stale reads at a server that does not lead see what the leader has acknowledged through this server: whoever writes here and reads here finds what was written. The entry itself comes with
/// replication a few milliseconds later; when it does not come, the read is answered without it, as stale as it is.
/// </summary>
internal sealed class AcknowledgedWrites(INodeGateway local, Pulse rootPublished, LeaderCalls calls, TimeProvider time)
{
    // Many times what a healthy leader takes to tell that an entry is committed, also on a machine with far more work than processors, and short beside the patience of clients.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // What was waited for in vain: it is not waited for again.
    private ulong _givenUp;

    /// <summary>Whether this server has applied all of it.</summary>
    public bool AreApplied => calls.Acknowledged is var index && (index <= local.Root.LastIndex || index <= Volatile.Read(ref _givenUp));

    /// <summary>Waits until it has, or the patience is over.</summary>
    public async ValueTask WaitAsync(CancellationToken stop)
    {
        ulong index = calls.Acknowledged;
        long start = time.GetTimestamp();
        while (true)
        {
            var published = rootPublished.Next;
            if (local.Root.LastIndex >= index) return;
            var left = Patience - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) break;
            await published.WaitAsync(left, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
        }
        Volatile.Write(ref _givenUp, index);
    }
}
