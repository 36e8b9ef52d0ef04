namespace Conclave.Node;

/// <summary>The numbers of <see cref="RaftStatus"/> at the end of a turn, without an allocation.</summary>
/// <param name="State">Leader, Follower or Candidate.</param>
/// <param name="Term">Current term.</param>
/// <param name="LastLogIndex">Newest entry.</param>
/// <param name="LastLogTerm">Its term.</param>
/// <param name="CommitIndex">Newest entry known to be committed.</param>
/// <param name="AppliedIndex">Newest entry in the state.</param>
/// <param name="SnapshotIndex">Last entry covered by the newest snapshot; 0 without one.</param>
/// <param name="SnapshotTerm">Term of that entry.</param>
/// <param name="PendingProposals">Commands that wait for their commit.</param>
public readonly record struct NodeProgress(string State, ulong Term, ulong LastLogIndex, ulong LastLogTerm, ulong CommitIndex, ulong AppliedIndex, ulong SnapshotIndex, ulong SnapshotTerm, int PendingProposals);
