using Conclave.Core.Model;
using Conclave.Rpc.Grpc;

namespace Conclave.Hosting.Streaming;

/// <summary>Finds what became of the instances of a service between two looks at the state.</summary>
internal static class FeedChanges
{
    /// <summary>
    /// Adds the changes in the order of their indexes. Several entries of the log may lie between the looks: an instance that is there has the index of its last change; one that is not, or
    /// has lost a check, gets <paramref name="newIndex"/>.
    /// </summary>
    public static void Find(List<CheckServiceNode> before, List<CheckServiceNode> after, ulong oldIndex, ulong newIndex, List<InstanceChange> into)
    {
        int at = 0;
        for (; at < before.Count && at < after.Count && IsSameInstance(before[at], after[at]); at++) AddIfChanged(before[at], after[at]);
        if (at < before.Count || at < after.Count) FindApart(at);
        // Changes of one index keep their places.
        var sorted = into.OrderBy(static change => change.Index).ToArray();
        into.Clear();
        into.AddRange(sorted);

        // From the first instance on that is in one of the lists only, their places say nothing.
        void FindApart(int from)
        {
            var known = new Dictionary<(string, string), CheckServiceNode>();
            for (int i = from; i < before.Count; i++) known[NameOf(before[i])] = before[i];
            for (int i = from; i < after.Count; i++)
            {
                if (known.Remove(NameOf(after[i]), out var was)) AddIfChanged(was, after[i]);
                else into.Add(new InstanceChange(IndexOf(after[i]), after[i], IsGone: false));
            }
            for (int i = from; i < before.Count; i++)
                if (known.ContainsKey(NameOf(before[i]))) into.Add(new InstanceChange(newIndex, before[i], IsGone: true));
        }

        void AddIfChanged(in CheckServiceNode was, in CheckServiceNode now)
        {
            if (!IsSame(was, now)) into.Add(new InstanceChange(IndexOf(now), now, IsGone: false));
        }

        ulong IndexOf(in CheckServiceNode row)
        {
            ulong index = Math.Max(row.Node.ModifyIndex, row.Service.ModifyIndex);
            foreach (var check in row.Checks) index = Math.Max(index, check.ModifyIndex);
            return index > oldIndex && index < newIndex ? index : newIndex;
        }
    }

    private static (string, string) NameOf(in CheckServiceNode row) => (row.Node.Name, row.Service.Id);

    private static bool IsSameInstance(in CheckServiceNode a, in CheckServiceNode b) => a.Node.Name == b.Node.Name && a.Service.Id == b.Service.Id;

    // The parts of rows are never changed in place: what is the same object is the same.
    private static bool IsSame(in CheckServiceNode a, in CheckServiceNode b)
    {
        if (!ReferenceEquals(a.Node, b.Node) || !ReferenceEquals(a.Service, b.Service) || a.Checks.Count != b.Checks.Count) return false;
        for (int i = 0; i < a.Checks.Count; i++)
            if (!ReferenceEquals(a.Checks[i], b.Checks[i])) return false;
        return true;
    }
}
