namespace Conclave.Rpc.Raft;

/// <summary>The byte in front of a request that tells what it is.</summary>
public enum RaftRpc : byte
{
    /// <summary>Log entries, the commit index, or a heartbeat.</summary>
    AppendEntries = 0,

    /// <summary>Asks for a vote.</summary>
    RequestVote = 1,

    /// <summary>Announces a snapshot, whose bytes follow the request.</summary>
    InstallSnapshot = 2,

    /// <summary>Tells a server to campaign at once.</summary>
    TimeoutNow = 3,

    /// <summary>Asks whether a vote would be granted. Peers of version 1.10 close the connection on it.</summary>
    RequestPreVote = 4,
}
