using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// All tables at one applied index: immutable, consistent across tables, readable from any thread for as long as one likes, without locks.
/// Queries return the index a client blocks on (the value of <c>X-Consul-Index</c>, before it is raised to at least 1),
/// add what they looked at to <c>watches</c> when that is not null, and append results to the list given (so that callers can reuse lists).
/// </summary>
public sealed partial class StateRoot
{
    /// <summary>An empty state, before the first entry.</summary>
    public StateRoot() : this(0, 0, 0, new StateTables(), new object()) { }

    internal StateRoot(ulong lastIndex, ulong digest, long step, StateTables tables, object lineage)
    {
        LastIndex = lastIndex;
        Digest = digest;
        Step = step;
        Tables = tables;
        Lineage = lineage;
    }

    /// <summary>Raft index of the last applied entry.</summary>
    public ulong LastIndex { get; }

    /// <summary>
    /// Digest of everything stored. Servers that applied the same entries have the same one; so has a state that went through a snapshot.
    /// </summary>
    public ulong Digest { get; }

    /// <summary>The same object for all states that came from one by applying entries; another one after a state from a snapshot took their place, whose indexes cannot be compared with theirs.</summary>
    public object Lineage { get; }

    internal long Step { get; }

    internal StateTables Tables { get; }

    /// <summary>
    /// Tells everybody who waits on this state that it will never change again, because another one takes its place (a restore).
    /// On any thread, after the new root was published; the cost grows with the number of rows.
    /// </summary>
    public void Abandon()
    {
        var gone = new Watch();
        Abandon(Tables.Kv.Root, gone);
        Abandon(Tables.Sessions.Root, gone);
        Abandon(Tables.SessionsByNode.Root, gone);
        Abandon(Tables.Nodes.Root, gone);
        Abandon(Tables.NodesById.Root, gone);
        Abandon(Tables.Services.Root, gone);
        Abandon(Tables.ServicesByName.Root, gone);
        Abandon(Tables.ServicesByConnect.Root, gone);
        Abandon(Tables.Checks.Root, gone);
        Abandon(Tables.ChecksByService.Root, gone);
        Abandon(Tables.ChecksByStatus.Root, gone);
        Abandon(Tables.Coordinates.Root, gone);
        Abandon(Tables.Indexes.Root, gone);
        Abandon(Tables.Autopilot.Root, gone);
        Abandon(Tables.Records.Root, gone);
        gone.Fire();
    }

    private static void Abandon(TreeNode top, Watch gone)
    {
        var open = new Stack<TreeNode>();
        open.Push(top);
        while (open.TryPop(out var node))
        {
            node.HandOver(gone)?.Fire();
            if (node is not TreeInner inner) continue;
            foreach (var child in inner.Children) open.Push(child);
            if (inner.Terminal is { } terminal) open.Push(terminal);
        }
    }

    private ulong IndexOf(IndexName name) => Tables.Indexes.Get(name.Key)?.Value ?? 0;
}
