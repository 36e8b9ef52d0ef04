using Conclave.Core;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Node;

/// <summary>What a <see cref="NodeRequest"/> asks for.</summary>
public enum NodeRequestKind : byte
{
    /// <summary>Log and apply <see cref="NodeRequest.Command"/>.</summary>
    Apply,
    /// <summary>Restart the TTL of the session <see cref="NodeRequest.SessionId"/>.</summary>
    RenewSession,
    /// <summary>Say when a linearizable read is allowed.</summary>
    ReadBarrier,
    /// <summary>Take the server <see cref="NodeRequest.ServerId"/> out of the Raft configuration.</summary>
    RemoveServer,
    /// <summary>Hand leadership to the server <see cref="NodeRequest.ServerId"/>, or to the most current one when that is empty.</summary>
    TransferLeadership,
    /// <summary>Put <see cref="NodeRequest.RestoredRoot"/> in the place of the state, on all servers.</summary>
    Restore,
}

/// <summary>
/// A local request on its way through the node. The caller fills the question and hands the object to <see cref="Node.OnRequest"/>; it belongs to the node
/// until it appears among <see cref="Outbox.Completions"/>, exactly once, with the answer filled in. Whoever carries out the outbox then calls <see cref="Complete"/>.
/// </summary>
public abstract class NodeRequest
{
    /// <summary>Which of the other members count.</summary>
    public NodeRequestKind Kind { get; set; }

    /// <summary>For <see cref="NodeRequestKind.Apply"/>: type byte + body, given up to the node.</summary>
    public ReadOnlyMemory<byte> Command { get; set; }

    /// <summary>For <see cref="NodeRequestKind.RenewSession"/>: which session.</summary>
    public string SessionId { get; set; } = "";

    /// <summary>For the requests about a server: its Raft id.</summary>
    public string ServerId { get; set; } = "";

    /// <summary>For <see cref="NodeRequestKind.Restore"/>: the new state.</summary>
    public StateRoot? RestoredRoot { get; set; }

    /// <summary>For <see cref="NodeRequestKind.Restore"/>: the index that the archive names.</summary>
    public ulong RestoredIndex { get; set; }

    /// <summary>The answer; an error for any kind when the request failed.</summary>
    public ApplyResult Result { get; set; }

    /// <summary>The renewed session, or null when it does not exist.</summary>
    public Session? Session { get; set; }

    /// <summary>When the node gives up waiting for a leader.</summary>
    internal Instant HoldUntil { get; set; }

    /// <summary>Tells the caller that the answer is there. Must not run the caller's code on the calling thread.</summary>
    public abstract void Complete();
}
