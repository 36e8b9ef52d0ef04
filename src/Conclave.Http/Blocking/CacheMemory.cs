using System.Collections.Concurrent;

namespace Conclave.Http.Blocking;

/// <summary>Which questions were asked through the cache before: reads are local and current anyway, so only the first answer differs (<c>MISS</c>).</summary>
internal sealed class CacheMemory
{
    private const int QuestionsMax = 8192;   // Then it starts over; a client sees a MISS once more.

    private readonly ConcurrentDictionary<string, byte> _asked = new(StringComparer.Ordinal);

    /// <summary>True when the question was asked before.</summary>
    public bool Remember(string question)
    {
        if (_asked.ContainsKey(question)) return true;
        if (_asked.Count >= QuestionsMax) _asked.Clear();
        return !_asked.TryAdd(question, 0);
    }
}
