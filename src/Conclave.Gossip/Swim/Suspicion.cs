using Conclave.Core;

namespace Conclave.Gossip.Swim;

/// <summary>
/// A member under suspicion. The more members say the same independently, the sooner it counts as dead: from the longest time at none to the shortest at
/// <see cref="Wanted"/>. Objects are used again.
/// </summary>
internal sealed class Suspicion
{
    // Hashes of the names of those who accused, the first one first. Wanted is small, so a walk is the fastest search.
    private readonly List<ulong> _accusers = [];
    private TimeSpan _min;
    private TimeSpan _max;
    private Instant _startedAt;

    /// <summary>Accusations besides the first that are waited for.</summary>
    public int Wanted { get; private set; }

    /// <summary>Accusations besides the first.</summary>
    public int Confirmations => _accusers.Count - 1;

    public SwimNode? Node { get; private set; }

    /// <summary>The timer that ends it.</summary>
    public DeadlineHandle Timer { get; set; }

    public Instant Deadline => _startedAt + SuspicionTimes.After(Confirmations, Wanted, _min, _max);

    public void Start(SwimNode node, ulong accuser, int wanted, TimeSpan min, TimeSpan max, Instant now)
    {
        (Node, Wanted, _min, _max, _startedAt) = (node, wanted, min, max, now);
        _accusers.Clear();
        _accusers.Add(accuser);
    }

    /// <summary>Takes another accusation; false when it is not a new one, or none is needed any more.</summary>
    public bool TryConfirm(ulong accuser)
    {
        if (Confirmations >= Wanted || _accusers.Contains(accuser)) return false;
        _accusers.Add(accuser);
        return true;
    }

    public void Clear() => Node = null;
}
