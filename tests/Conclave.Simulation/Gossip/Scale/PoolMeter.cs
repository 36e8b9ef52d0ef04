using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>Counts what members of a large pool hear, instead of looking at millions of entries: when the first and when the last one learned that somebody failed.</summary>
internal sealed class PoolMeter(SimWorld world)
{
    private readonly Dictionary<string, Death> _deaths = new(StringComparer.Ordinal);

    /// <summary>Members that were called failed although they run.</summary>
    public long FalseFailures { get; private set; }

    /// <summary>Somebody has been killed.</summary>
    public void Killed(GossipProcess victim) => _deaths.Add(victim.Name, new Death(world.Now));

    public void Forget() => _deaths.Clear();

    public void OnEvent(GossipEvent happened)
    {
        if (happened.Kind != GossipEventKind.Failed) return;
        if (!_deaths.TryGetValue(happened.Member!.Name, out var death))
        {
            FalseFailures++;
            return;
        }
        if (death.Heard++ == 0) death.First = world.Now;
        death.Last = world.Now;
    }

    /// <summary>Whether so many have heard of each death.</summary>
    public bool HaveHeard(int members)
    {
        foreach (var death in _deaths.Values)
            if (death.Heard < members) return false;
        return true;
    }

    /// <summary>Middle of the times from a death to the first, and to the last, who heard of it.</summary>
    public (TimeSpan First, TimeSpan All, TimeSpan Worst) Times()
    {
        var first = _deaths.Values.Select(death => death.First - death.At).Order().ToList();
        var last = _deaths.Values.Select(death => death.Last - death.At).Order().ToList();
        return (first[first.Count / 2], last[last.Count / 2], last[^1]);
    }

    private sealed class Death(Instant at)
    {
        public Instant At { get; } = at;

        public int Heard;
        public Instant First, Last;
    }
}
