using System.Text;
using Conclave.Core;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>Exchanges with other members that Serf wants: joins that were asked for, tries to reach failed members, and the way back into the pool after a restart.</summary>
internal sealed class Joins(SerfContext context, MemberBook book)
{
    /// <summary>Targets of one join that are tried at once: one that does not answer takes ten seconds.</summary>
    public const int AtOnceMax = 8;

    // An attempt that has not succeeded by then was made into a network that swallows packets.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, Attempt> _attempts = [];
    private readonly List<GossipTarget> _remembered = [];
    private int _ignoringOldEvents;

    /// <summary>Whether user events that come with an exchange that joins are passed over.</summary>
    public bool IgnoresOldEvents => _ignoringOldEvents > 0;

    /// <summary>Joins through other members.</summary>
    public void Join(long request, IReadOnlyList<GossipTarget> targets, bool ignoreOldEvents)
    {
        if (book.IsLeaving || targets.Count == 0)
        {
            context.Outbox.Complete(new GossipCompletion(request, book.IsLeaving ? "Serf can't Join after Leave or Shutdown" : "no members to join were given"));
            return;
        }
        if (ignoreOldEvents) _ignoringOldEvents++;
        var join = new JoinWork(request, [.. targets], ignoreOldEvents);
        for (int i = 0; i < AtOnceMax; i++) TryNext(join);
    }

    /// <summary>Tries to come back to members of an earlier life, one after the other in random order, until one answers.</summary>
    public void Rejoin(IReadOnlyDictionary<string, System.Net.IPEndPoint> remembered)
    {
        foreach (var (name, address) in remembered)
            if (name != context.Config.Name) _remembered.Add(new GossipTarget(GossipEndpoint.From(address.Address, address.Port), name));
        for (int i = _remembered.Count - 1; i > 0; i--)
        {
            int other = (int)context.Random.Next(i + 1);
            (_remembered[i], _remembered[other]) = (_remembered[other], _remembered[i]);
        }
        if (_remembered.Count > 0) TryRemembered();
    }

    /// <summary>
    /// Tries one of the failed members with the probability that has each of them tried once in an interval by somebody: this is how the halves of a
    /// pool that was split find each other after membership has forgotten the other half.
    /// </summary>
    public void Reconnect()
    {
        int failed = book.FailedCount;
        if (failed == 0 || book.IsLeaving) return;
        double probability = (double)failed / Math.Max(1, book.AliveCount);
        if (context.Random.NextDouble() > probability) return;
        Reconnect(book.Failed[(int)context.Random.Next(failed)]);
    }

    /// <summary>Tries to reach this member if it has failed and is not being tried already.</summary>
    public void Reconnect(string name)
    {
        if (book.IsLeaving || book.Find(name) is not { Status: MemberStatus.Failed } failed) return;
        foreach (var attempt in _attempts.Values)
            if (attempt.Kind == AttemptKind.Reconnect && attempt.Target.Name == failed.Name && context.Now - attempt.Begun < RetryAfter) return;
        Reconnect(failed);
    }

    private void Reconnect(SwimNode node)
    {
        context.Log(GossipLogLevel.Info, $"attempting reconnect to {node.Name} {node.Endpoint}");
        Start(new Attempt(AttemptKind.Reconnect, new GossipTarget(node.Endpoint, node.Name), null, context.Now));
    }

    /// <summary>An exchange ended.</summary>
    public void OnExchanged(long ticket, string? error)
    {
        if (!_attempts.Remove(ticket, out var attempt)) return;
        switch (attempt.Kind)
        {
            case AttemptKind.Join: OnJoined(attempt.Join!, attempt.Target, error); return;
            case AttemptKind.Rejoin: OnRejoined(attempt.Target, error); return;
            default: return;                                    // a member that is still gone; it is tried again some time
        }
    }

    private void Start(Attempt attempt)
    {
        long ticket = context.Swim.Exchange(attempt.Target, isJoin: true);
        _attempts[ticket] = attempt;
    }

    private void TryNext(JoinWork join)
    {
        if (join.Next == join.Targets.Count) return;
        join.Open++;
        Start(new Attempt(AttemptKind.Join, join.Targets[join.Next++], join));
    }

    private void OnJoined(JoinWork join, GossipTarget target, string? error)
    {
        join.Open--;
        if (error is null) join.Joined++;
        else join.Errors.Add($"Failed to join {target.Endpoint}: {error}");
        TryNext(join);
        if (join.Open == 0) Complete(join);
    }

    private void Complete(JoinWork join)
    {
        if (join.IgnoresOldEvents) _ignoringOldEvents--;
        if (join.Joined > 0 && !book.IsLeaving) book.AnnounceJoin();
        context.Outbox.Complete(new GossipCompletion(join.Request, join.Joined > 0 ? null : ErrorText(join.Errors), join.Joined));
    }

    // As peers list several errors; command lines show it.
    private static string ErrorText(List<string> errors)
    {
        var text = new StringBuilder(errors.Count == 1 ? "1 error occurred:" : $"{errors.Count} errors occurred:");
        foreach (string error in errors) text.Append("\n\t* ").Append(error);
        return text.Append("\n\n").ToString();
    }

    private void TryRemembered()
    {
        var target = _remembered[^1];
        _remembered.RemoveAt(_remembered.Count - 1);
        context.Log(GossipLogLevel.Info, $"Attempting re-join to previously known node: {target.Name}: {target.Endpoint}");
        Start(new Attempt(AttemptKind.Rejoin, target, null));
    }

    private void OnRejoined(GossipTarget target, string? error)
    {
        if (error is null)
        {
            context.Log(GossipLogLevel.Info, $"Re-joined to previously known node: {target.Name}: {target.Endpoint}");
            _remembered.Clear();
        }
        else if (_remembered.Count == 0)
        {
            context.Log(GossipLogLevel.Warning, "Failed to re-join any previously known node");
        }
        else if (!book.IsLeaving)
        {
            TryRemembered();
        }
    }

    private enum AttemptKind : byte
    {
        Join,
        Rejoin,
        Reconnect,
    }

    private readonly record struct Attempt(AttemptKind Kind, GossipTarget Target, JoinWork? Join, Instant Begun = default);

    private sealed class JoinWork(long request, IReadOnlyList<GossipTarget> targets, bool ignoresOldEvents)
    {
        public long Request => request;

        public IReadOnlyList<GossipTarget> Targets => targets;

        public bool IgnoresOldEvents => ignoresOldEvents;

        public List<string> Errors { get; } = [];

        public int Next { get; set; }

        public int Open { get; set; }

        public int Joined { get; set; }
    }
}
