using Conclave.Core;
using Conclave.Node.Forwarding;

namespace Conclave.Hosting.Calls;

/// <summary>What everybody does who carries out a forwarder's decisions: wait for the end of a call or of a pause, and look again when what is known of the servers has changed.</summary>
internal static class CallTurns
{
    /// <summary>Makes a call and gives it up when <paramref name="giveUpAt"/> says so; that is asked again at each change.</summary>
    public static async ValueTask<RpcOutcome> SendAsync(Func<CancellationToken, ValueTask<RpcOutcome>> send, Func<Task> nextChange, Func<Instant> giveUpAt, SystemClock clock, TimeProvider time, CancellationToken stop)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var call = send(giveUp.Token);
        if (call.IsCompleted) return await call.ConfigureAwait(false);

        var calling = call.AsTask();
        while (!calling.IsCompleted)
        {
            var changed = nextChange();
            var until = giveUpAt();
            if (until <= clock.Now)
            {
                await giveUp.CancelAsync().ConfigureAwait(false);
                break;
            }
            var turn = until == Instant.Never ? changed : Task.WhenAny(changed, Task.Delay(until - clock.Now, time, giveUp.Token));
            await Task.WhenAny(calling, turn).ConfigureAwait(false);
        }
        return await calling.ConfigureAwait(false);
    }

    /// <summary>Waits for a change, or until the time has come.</summary>
    public static async ValueTask WaitAsync(Task changed, Instant until, SystemClock clock, TimeProvider time, CancellationToken stop)
    {
        var left = until - clock.Now;
        if (left <= TimeSpan.Zero) return;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(changed, Task.Delay(left, time, end.Token)).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);                 // the timer must not outlive the wait
    }

    /// <summary>How a forwarder sees the end of a call that has no result.</summary>
    public static ForwardEnd EndOf(RpcEnd end) => end switch
    {
        RpcEnd.NotSent => ForwardEnd.NotSent,
        RpcEnd.Error => ForwardEnd.Refused,
        _ => ForwardEnd.Lost,
    };
}
