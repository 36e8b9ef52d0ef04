namespace Conclave.Node.Integrity;

/// <summary>
/// What the state's digest was at entries that every server picks alike: the newest of every 64th, every 4,096th and every 262,144th. So two servers find an entry in common whether they are idle or
/// busy, a moment apart or minutes. Written by the node's loop, read by anybody.
/// </summary>
public sealed class DigestTrail
{
    /// <summary>Entries from one noted digest to the next.</summary>
    public const ulong Step = 64;

    private const int Levels = 3, Kept = 64, StepBits = 6, LevelBits = 6;

    private readonly Lock _gate = new();
    private readonly (ulong Index, ulong Digest)[] _digests = new (ulong, ulong)[Levels * Kept];   // Guarded by _gate; each level is a ring by index.

    /// <summary>Whether the digest behind this entry is noted.</summary>
    internal static bool Picks(ulong index) => index % Step == 0;

    /// <summary>Notes the digest behind an entry that <see cref="Picks"/> has picked.</summary>
    internal void Note(ulong index, ulong digest)
    {
        lock (_gate)
            for (int level = 0; level < Levels; level++)
            {
                ulong number = index >> (StepBits + level * LevelBits);
                if (number << (StepBits + level * LevelBits) != index) break;
                _digests[level * Kept + (int)(number % Kept)] = (index, digest);
            }
    }

    /// <summary>Forgets everything: the state is another one.</summary>
    internal void Clear()
    {
        lock (_gate) Array.Clear(_digests);
    }

    /// <summary>Copies what is noted, in no particular order, an entry perhaps more than once.</summary>
    public void CopyTo(List<(ulong Index, ulong Digest)> into)
    {
        lock (_gate)
            foreach (var noted in _digests)
                if (noted.Index > 0) into.Add(noted);
    }

    /// <summary>The first entry at which another server's state was a different one; null when they agree wherever both have noted something.</summary>
    public ulong? FirstDifference(IReadOnlyList<(ulong Index, ulong Digest)> others, out int compared)
    {
        compared = 0;
        var own = new List<(ulong Index, ulong Digest)>(_digests.Length);
        CopyTo(own);
        var byIndex = new Dictionary<ulong, ulong>(own.Count);
        foreach (var noted in own) byIndex[noted.Index] = noted.Digest;
        ulong? first = null;
        foreach (var other in others)
        {
            if (!byIndex.TryGetValue(other.Index, out ulong digest)) continue;
            compared++;
            if (digest != other.Digest && (first is null || other.Index < first)) first = other.Index;
        }
        return first;
    }
}
