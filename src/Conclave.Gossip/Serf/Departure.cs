using Conclave.Core;

namespace Conclave.Gossip.Serf;

/// <summary>
/// Our graceful leave, in the order by which others see a member that left and never one that failed: the intent goes out first, then membership tells that we
/// are gone, then we stay a while to answer those who have not heard it yet.
/// </summary>
internal sealed class Departure(SerfContext context, MemberBook book, SerfBroadcasts broadcasts, Files.SnapshotKeeper? snapshot)
{
    private readonly List<long> _requests = [];
    private Phase _phase;
    private ulong _intent;
    private DeadlineHandle _timer;

    private enum Phase : byte
    {
        There,
        IntentGoesOut,
        IntentSpreads,
        DeathGoesOut,
        Lingers,
        Gone,
    }

    /// <summary>Begins to leave, or waits for a leave that has begun.</summary>
    public void Leave(long request)
    {
        _requests.Add(request);
        if (_phase == Phase.Gone) Complete();
        if (_phase != Phase.There) return;
        book.IsLeaving = true;
        snapshot?.OnLeave();
        _intent = book.AnnounceLeave(context.Config.Name, prune: false);
        if (context.Swim.AliveCount <= 1)
        {
            TellDeath();
            return;
        }
        _phase = Phase.IntentGoesOut;
        _timer = context.Timers.Set(context.Now + context.Config.BroadcastTimeout, SerfTimerKind.LeaveIntentDeadline);
    }

    /// <summary>End of a turn: the intent may have gone out in it.</summary>
    public void OnTurn()
    {
        if (_phase != Phase.IntentGoesOut || broadcasts.Intents.IsPending(_intent)) return;
        // Those who have the intent from us pass it on in their next round: a death that came sooner would overtake it now and then, and be taken for a failure.
        context.Timers.Cancel(_timer);
        _phase = Phase.IntentSpreads;
        _timer = context.Timers.Set(context.Now + context.Config.GossipInterval, SerfTimerKind.LeaveIntentDeadline);
    }

    /// <summary>The intent had its time, to go out or to spread.</summary>
    public void OnIntentDeadline()
    {
        if (_phase == Phase.IntentGoesOut) context.Log(GossipLogLevel.Warning, "timeout while waiting for graceful leave");
        if (_phase is Phase.IntentGoesOut or Phase.IntentSpreads) TellDeath();
    }

    /// <summary>Membership has told it.</summary>
    public void OnLeaveSent()
    {
        if (_phase != Phase.DeathGoesOut) return;
        if (context.Swim.AliveCount == 0)
        {
            Complete();
            return;
        }
        _phase = Phase.Lingers;
        context.Timers.Set(context.Now + context.Config.LeavePropagateDelay, SerfTimerKind.LeaveLingerEnd);
    }

    public void OnLingerEnd() => Complete();

    private void TellDeath()
    {
        context.Timers.Cancel(_timer);
        _phase = Phase.DeathGoesOut;
        context.Swim.Leave();
    }

    private void Complete()
    {
        _phase = Phase.Gone;
        foreach (long request in _requests) context.Outbox.Complete(new GossipCompletion(request, null));
        _requests.Clear();
    }
}
