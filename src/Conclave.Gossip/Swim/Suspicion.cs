using Conclave.Core;

namespace Conclave.Gossip.Swim;

/// <summary>
/// A member under suspicion. The more members say the same independently, the sooner it counts as dead: from the longest time at none to the shortest at
/// <see cref="Wanted"/>. Objects are used again.
/// </summary>
internal sealed class Suspicion
{
    /// <summary>How often a member that too few others suspect is told so before its time is over.</summary>
    public const int WarningsMax = 3;

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

    /// <summary>How often it has been told so far.</summary>
    public int Warnings { get; set; }

    /// <summary>Whether as many others say the same as are waited for.</summary>
    public bool IsAgreed => Wanted > 0 && Confirmations >= Wanted;

    /// <summary>The timer for its end, or for the next warning.</summary>
    public DeadlineHandle Timer { get; set; }

    public Instant Deadline => _startedAt + SuspicionTimes.After(Confirmations, Wanted, _min, _max);

    /// <summary>When there is something to do: the warnings come one after the other before the end, each with <paramref name="pause"/> behind it for an answer.</summary>
    public Instant NextDue(TimeSpan pause) => IsAgreed ? Deadline : Deadline - pause * (WarningsMax - Warnings);

    public void Start(SwimNode node, ulong accuser, int wanted, TimeSpan min, TimeSpan max, Instant now)
    {
        (Node, Wanted, _min, _max, _startedAt) = (node, wanted, min, max, now);
        Warnings = 0;
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
