namespace Conclave.Gossip.Serf;

/// <summary>Reduces the events of members within a window to the last of each, and drops what only repeats the one told before.</summary>
internal sealed class MemberCoalescer(SerfContext context)
{
    private readonly CoalesceWindow _window = new(context, SerfTimerKind.MemberEvents, context.Config.CoalescePeriod, context.Config.CoalesceQuiet);
    private readonly Dictionary<string, GossipEvent> _latest = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    // What was told last about each member; gone with the member.
    private readonly Dictionary<string, GossipEventKind> _told = new(StringComparer.Ordinal);

    public void Hold(GossipEvent happened)
    {
        string name = happened.Member!.Name;
        if (!_latest.ContainsKey(name)) _order.Add(name);
        _latest[name] = happened;
        _window.Extend();
    }

    public void Flush()
    {
        foreach (string name in _order) Tell(name, _latest[name]);
        _order.Clear();
        _latest.Clear();
        _window.Close();
    }

    private void Tell(string name, GossipEvent happened)
    {
        bool isRepeated = _told.TryGetValue(name, out var told) && told == happened.Kind && told != GossipEventKind.Updated;
        if (happened.Kind == GossipEventKind.Reaped) _told.Remove(name);
        else _told[name] = happened.Kind;
        if (!isRepeated) context.Outbox.Raise(happened);
    }
}
