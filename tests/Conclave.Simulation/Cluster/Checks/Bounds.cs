using Conclave.Core;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>No queue of a node is longer than its limit, whatever is asked of it.</summary>
internal sealed class Bounds(SwarmSettings settings)
{
    // What is appended in one turn besides the requests: the first entry of a term, a configuration, what the leader writes by itself.
    private const ulong OwnEntriesMax = 8;

    // Only such limits are looked at entry by entry.
    private const long SmallBytes = 4096;

    public void Check(SimServer server, Node.Node node)
    {
        var progress = node.Progress;
        if (progress.PendingProposals > settings.Limits.ProposalsMax) Fail(server, "proposals", progress.PendingProposals, settings.Limits.ProposalsMax);
        if (node.HeldCount > settings.Limits.HeldRequestsMax) Fail(server, "held requests", node.HeldCount, settings.Limits.HeldRequestsMax);
        // What was there when it was elected counts for nothing: a leader that has just started does not know yet that it is committed.
        ulong uncommitted = progress.LastLogIndex - Math.Max(progress.CommitIndex, Math.Min(server.LedFrom, progress.LastLogIndex)), uncommittedMax = (ulong)settings.Raft.UncommittedEntriesMax + OwnEntriesMax;
        if (progress.State == "Leader" && uncommitted > uncommittedMax) Fail(server, "entries that are not committed", (long)uncommitted, (long)uncommittedMax);
        // In memory: what is not applied or not flushed yet, and what is kept for followers.
        ulong inMemory = progress.LastLogIndex - node.Replica.Raft.MemoryBase.Value, durable = Math.Min(progress.AppliedIndex, node.Replica.Raft.DurableIndex.Value);
        ulong memoryMax = progress.LastLogIndex - Math.Min(progress.LastLogIndex, durable) + (ulong)settings.Raft.LogMemoryEntries + OwnEntriesMax;
        if (settings.Raft.LogMemoryBytes <= SmallBytes) CheckBytes(server, node.Replica.Raft, durable);
        if (inMemory > memoryMax && node.Replica.Raft.MemoryBase.Value > 0) Fail(server, "entries in memory", (long)inMemory, (long)memoryMax);
    }

    // What is applied and flushed is kept in memory for followers that lag, up to a limit, however far behind they are.
    private void CheckBytes(SimServer server, RaftCore raft, ulong durable)
    {
        long bytes = 0;
        for (ulong index = raft.MemoryBase.Value + 1; index <= durable; index++) bytes += raft.Entry(new LogIndex(index)).Data.Length;
        if (bytes > settings.Raft.LogMemoryBytes) Fail(server, "bytes in memory for followers that lag", bytes, settings.Raft.LogMemoryBytes);
    }

    private static void Fail(SimServer server, string what, long count, long limit) =>
        SimFailureException.Safety("queues stay within their limits", $"{server.Identity.NodeName} has {count} {what}, the limit is {limit}");
}
