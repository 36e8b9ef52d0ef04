using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Node;

/// <summary>How fresh a read must be.</summary>
public enum ReadMode
{
    /// <summary>Linearizable through the leader's lease.</summary>
    Default,
    /// <summary>Linearizable through a quorum round.</summary>
    Consistent,
    /// <summary>Whatever this server has applied.</summary>
    Stale,
}

/// <summary>Who this node is; fixed for its life.</summary>
/// <param name="NodeName">Name, unique in the datacenter.</param>
/// <param name="NodeId">UUID; also the Raft server id.</param>
/// <param name="Datacenter">Datacenter, lower case.</param>
/// <param name="RpcAddress">Advertised server address, <c>ip:port</c>; also the Raft address.</param>
public sealed record NodeIdentity(string NodeName, string NodeId, string Datacenter, string RpcAddress)
{
    /// <summary>Whether a request names another datacenter than this one. None named means this one; letters' case does not count.</summary>
    public bool IsForeign(string datacenter)
    {
        ArgumentNullException.ThrowIfNull(datacenter);
        return datacenter.Length > 0 && !datacenter.Equals(Datacenter, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>What is known of the leader at this moment.</summary>
/// <param name="IsLeader">This node leads and may serve linearizable reads.</param>
/// <param name="LeaderAddress">Address of the leader, <c>ip:port</c>, or empty when none is known.</param>
/// <param name="LeaderId">Server id of the leader, or empty.</param>
/// <param name="Term">Current term.</param>
/// <param name="PeerAddresses">Addresses of the servers in the latest configuration.</param>
public sealed record ClusterStatus(bool IsLeader, string LeaderAddress, string LeaderId, ulong Term, IReadOnlyList<string> PeerAddresses)
{
    /// <summary>Whether a leader is known.</summary>
    public bool KnownLeader => LeaderAddress.Length > 0;

    /// <summary>The servers of the latest configuration, in its order.</summary>
    public IReadOnlyList<ServerStatus> Servers { get; init; } = [];

    /// <summary>Raft index of the entry that holds the latest configuration.</summary>
    public ulong ConfigurationIndex { get; init; }

    /// <summary>This server is the only voter: while it leads, nobody else can.</summary>
    public bool IsSoleVoter { get; init; }
}

/// <summary>One server of the Raft configuration.</summary>
/// <param name="Id">Server id: the node's UUID.</param>
/// <param name="Name">Name of the node, or <c>(unknown)</c> when nothing is known of it.</param>
/// <param name="Address">Advertised server address, <c>ip:port</c>.</param>
/// <param name="IsVoter">Whether it counts for elections and commits.</param>
/// <param name="IsLeader">Whether it leads.</param>
public sealed record ServerStatus(string Id, string Name, string Address, bool IsVoter, bool IsLeader);

/// <summary>Where the log of a node stands, for people and metrics. A snapshot in time; the numbers may be from different iterations of the loop.</summary>
/// <param name="State">Leader, Follower or Candidate.</param>
/// <param name="Term">Current term.</param>
/// <param name="LastLogIndex">Newest entry.</param>
/// <param name="LastLogTerm">Its term.</param>
/// <param name="CommitIndex">Newest entry known to be committed.</param>
/// <param name="AppliedIndex">Newest entry in the state.</param>
/// <param name="SnapshotIndex">Last entry covered by the newest snapshot; 0 without one.</param>
/// <param name="SnapshotTerm">Term of that entry.</param>
/// <param name="PendingProposals">Requests that wait for the log.</param>
public sealed record RaftStatus(string State, ulong Term, ulong LastLogIndex, ulong LastLogTerm, ulong CommitIndex, ulong AppliedIndex, ulong SnapshotIndex, ulong SnapshotTerm, int PendingProposals);

/// <summary>Permission to read, or the reason why not.</summary>
/// <param name="Root">The state to read; null when <paramref name="Error"/> is set.</param>
/// <param name="Error">Consul's text (<c>No cluster leader</c>), or null.</param>
/// <param name="KnownLeader">For the header of that name.</param>
/// <param name="LastContactMilliseconds">For the header of that name; 0 on the leader.</param>
public readonly record struct ReadGrant(StateRoot? Root, string? Error, bool KnownLeader, long LastContactMilliseconds);

/// <summary>
/// The node as front ends (HTTP, DNS, in-process API) see it. Thread-safe. Reads run on the caller's thread against <see cref="Root"/>;
/// writes go through the node's loop and the log.
/// </summary>
public interface INodeGateway
{
    /// <summary>Who this node is.</summary>
    NodeIdentity Identity { get; }

    /// <summary>The newest published state.</summary>
    StateRoot Root { get; }

    /// <summary>The newest published view of the leader.</summary>
    ClusterStatus Status { get; }

    /// <summary>Where the log stands.</summary>
    RaftStatus Raft { get; }

    /// <summary>How the servers are doing, in the configuration's order, about a second old at most; empty on a server that does not lead or has not looked yet.</summary>
    IReadOnlyList<ServerHealth> Health { get; }

    /// <summary>How the servers are doing as the leader sees them, asked of it when that is another server.</summary>
    /// <exception cref="NodeUnavailableException">No leader answered in time; the message is the text for the client.</exception>
    ValueTask<IReadOnlyList<ServerHealth>> ReadHealthAsync(CancellationToken stop) =>
        Status.IsLeader ? new(Health) : ValueTask.FromException<IReadOnlyList<ServerHealth>>(new NodeUnavailableException(ErrorTexts.NoLeader));

    /// <summary>
    /// Proposes a command: type byte + body as made by <see cref="Conclave.Core.Codec.CommandCodec"/>. The memory belongs to the node from now on and must not be changed.
    /// Leader-only work (validation, defaults, session ids, lock delay) happens on the way. Completes when the command was applied, or with
    /// <see cref="ApplyResultKind.Error"/> (<c>No cluster leader</c> after the hold time, overload, validation).
    /// </summary>
    /// <remarks>
    /// The text of an error is complete: with the prefix that Consul puts before it (<c>raft apply failed: </c> for keys, <c>apply failed: </c> for sessions).
    /// A transaction that fails its checks gives a <see cref="ApplyResult.Txn"/> with errors, not an error. A coordinate batch is checked and noted;
    /// the leader writes what it noted every few seconds. Cancelling means "stopped waiting": a command that is already in the log is applied all the same.
    /// </remarks>
    ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop);

    /// <summary>Waits until a read of this freshness is allowed. Completes synchronously and allocates nothing for stale reads and while the lease holds.</summary>
    ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop);

    /// <summary>Takes a server out of the Raft configuration, at the leader. Completes when that is committed.</summary>
    ValueTask<ApplyResult> RemoveServerAsync(string serverId, CancellationToken stop) => new(ApplyResult.Error("this server has no others"));

    /// <summary>Makes the leader hand over to a server with a vote, or to the most current one when <paramref name="serverId"/> is empty. Completes when it has begun.</summary>
    ValueTask<ApplyResult> TransferLeadershipAsync(string serverId, CancellationToken stop) => new(ApplyResult.Error("this server has no others"));

    /// <summary>
    /// Puts a state that was read from an archive in the place of the whole state, on all servers. Completes when a majority has it and the leader's duties have begun anew; an error names the reason, and
    /// unless it says otherwise nothing has changed.
    /// </summary>
    /// <param name="root">The new state, read and checked to the end.</param>
    /// <param name="index">The index that the archive names.</param>
    /// <param name="stop">Ends the waiting, not the restoring.</param>
    ValueTask<ApplyResult> RestoreAsync(StateRoot root, ulong index, CancellationToken stop) => new(ApplyResult.Error("this server cannot replace its state"));

    /// <summary>Restarts the TTL of a session at the leader; null when it does not exist.</summary>
    /// <exception cref="NodeUnavailableException">No leader answered in time; the message is the text for the client.</exception>
    ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop);
}
