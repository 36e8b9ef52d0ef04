namespace Conclave.Gossip.Serf;

/// <summary>Reduces the user events within a window to those with the highest time of each name.</summary>
internal sealed class UserCoalescer(SerfContext context)
{
    /// <summary>Events held back at once; when more come, the window ends early.</summary>
    public const int HeldMax = 4096;

    private readonly CoalesceWindow _window = new(context, SerfTimerKind.UserEvents, context.Config.UserCoalescePeriod, context.Config.UserCoalesceQuiet);
    private readonly Dictionary<string, List<GossipEvent>> _latest = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private int _held;

    public void Hold(GossipEvent happened)
    {
        if (_held == HeldMax) Flush();
        _held++;
        _window.Extend();
        if (!_latest.TryGetValue(happened.Name, out var events))
        {
            _latest[happened.Name] = [happened];
            _order.Add(happened.Name);
            return;
        }
        if (happened.LamportTime < events[0].LamportTime) return;
        if (happened.LamportTime > events[0].LamportTime) events.Clear();
        events.Add(happened);
    }

    public void Flush()
    {
        foreach (string name in _order)
            foreach (var happened in _latest[name]) context.Outbox.Raise(happened);
        _order.Clear();
        _latest.Clear();
        _held = 0;
        _window.Close();
    }
}
