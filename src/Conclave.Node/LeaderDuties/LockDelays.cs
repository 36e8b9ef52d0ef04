using System.Text;
using Conclave.Core;

namespace Conclave.Node.LeaderDuties;

/// <summary>
/// Keys that nobody may lock for a while because the session that held them was invalidated. Kept beside the replicated state, on each server from its own
/// clock; only the leader asks, before it proposes a lock.
/// </summary>
internal sealed class LockDelays
{
    /// <summary>Longest delay, whatever the session says.</summary>
    public static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(60);

    private readonly DeadlineHeap<string> _ends = new();

    // A handle for each key in _ends. Keys have one char per byte: any key, valid UTF-8 or not, keeps its identity.
    private readonly Dictionary<string, Delay> _delays = new(StringComparer.Ordinal);

    public int Count => _delays.Count;

    /// <summary>Notes that <paramref name="key"/> lost its holder at <paramref name="now"/>.</summary>
    public void Note(ReadOnlySpan<byte> key, long lockDelayNanoseconds, Instant now)
    {
        if (lockDelayNanoseconds <= 0) return;
        string name = Encoding.Latin1.GetString(key);
        var end = now + TimeSpan.FromTicks(Math.Min(lockDelayNanoseconds / 100, DelayMax.Ticks));
        if (_delays.TryGetValue(name, out var earlier)) _ends.Remove(earlier.Handle);
        _delays[name] = new Delay(end, _ends.Add(end, name));
    }

    /// <summary>Whether a lock of <paramref name="key"/> must be refused at <paramref name="now"/>.</summary>
    public bool IsDelayed(ReadOnlySpan<byte> key, Instant now) =>
        _delays.Count > 0 && _delays.TryGetValue(Encoding.Latin1.GetString(key), out var delay) && now < delay.End;

    /// <summary>Forgets what has passed.</summary>
    public void Forget(Instant now)
    {
        while (_ends.TryPopDue(now, out string name)) _delays.Remove(name);
    }

    private readonly record struct Delay(Instant End, DeadlineHandle Handle);
}
