using Conclave.Core.Model;

namespace Conclave.Hosting;

/// <summary>What changed between two lists of keys, both in byte order.</summary>
internal static class KvDiff
{
    public static IEnumerable<KvChange> Between(List<KvEntry> before, List<KvEntry> after)
    {
        int b = 0, a = 0;
        while (b < before.Count || a < after.Count)
        {
            int order = b == before.Count ? 1 : a == after.Count ? -1 : before[b].Key.AsSpan().SequenceCompareTo(after[a].Key);
            switch (order)
            {
                case < 0:
                    yield return new KvChange(before[b++].Key, default);
                    break;
                case > 0:
                    yield return new KvChange(after[a].Key, new KvValue(after[a++]));
                    break;
                default:
                    // The store shares entries between states, so equal references need no look inside; a recreated key has a new index.
                    if (!ReferenceEquals(before[b], after[a]) && before[b].ModifyIndex != after[a].ModifyIndex) yield return new KvChange(after[a].Key, new KvValue(after[a]));
                    b++;
                    a++;
                    break;
            }
        }
    }
}
