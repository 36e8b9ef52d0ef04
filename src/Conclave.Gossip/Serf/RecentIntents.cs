using Conclave.Core;

namespace Conclave.Gossip.Serf;

/// <summary>
/// Intents about members that are not known yet: the newest of each, for some minutes. Kept by the hash of the name, whose seed nobody outside knows, so
/// that bogus names cost a few bytes each. Bounded: what comes when it is full is neither kept nor passed on.
/// </summary>
internal sealed class RecentIntents
{
    /// <summary>Intents kept in small pools; in large ones twice as many as there are members, because in a join storm intents overtake the members.</summary>
    public const int CountMin = 8192;

    private readonly Dictionary<ulong, RecentIntent> _intents = [];
    private readonly List<ulong> _due = [];

    public int Count => _intents.Count;

    /// <summary>Takes an intent; false when it is no newer than what is there, or there is no room.</summary>
    public bool TryAdd(ulong nameHash, in RecentIntent intent, int members)
    {
        if (_intents.TryGetValue(nameHash, out var known))
        {
            if (intent.Time <= known.Time) return false;
        }
        else if (_intents.Count >= Math.Max(CountMin, 2 * members))
        {
            return false;
        }
        _intents[nameHash] = intent;
        return true;
    }

    /// <summary>Takes out what is known about a member that has come.</summary>
    public bool TryTake(ulong nameHash, out RecentIntent intent) => _intents.Remove(nameHash, out intent);

    /// <summary>Forgets what came before <paramref name="before"/>.</summary>
    public void Reap(Instant before)
    {
        foreach (var (hash, intent) in _intents)
            if (intent.At < before) _due.Add(hash);
        foreach (ulong hash in _due) _intents.Remove(hash);
        _due.Clear();
    }
}
