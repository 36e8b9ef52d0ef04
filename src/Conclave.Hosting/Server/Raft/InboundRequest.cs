using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Hosting;

/// <summary>A request of another server that waits for the node's answer.</summary>
/// <param name="number">Its number at the node.</param>
/// <param name="kind">What it is.</param>
/// <param name="error">Not empty: it is refused with this text, without a result.</param>
internal sealed class InboundRequest(ulong number, RaftMessageKind kind, string error)
{
    // The node's turn itself writes the answer to a connection that waits for it: a write only copies bytes to the kernel, and waking another thread costs more.
    private readonly TaskCompletionSource<RaftMessage> _answer = new();

    public ulong Number => number;

    public RaftMessageKind Kind => kind;

    public string Error => error;

    /// <summary>The download, for a snapshot.</summary>
    public InboundSnapshot? Snapshot { get; init; }

    /// <summary>The node's answer.</summary>
    public Task<RaftMessage> Answer => _answer.Task;

    public void SetAnswer(in RaftMessage reply) => _answer.TrySetResult(reply);

    /// <summary>The node gave no answer in time, or nobody waits for it any more.</summary>
    public void GiveUp() => _answer.TrySetCanceled();
}

/// <summary>A snapshot that comes over a connection. The loop says when the next chunk is wanted, the connection brings it.</summary>
internal sealed class InboundSnapshot(SnapshotOffer offer) : SnapshotDownload(offer)
{
    private readonly SemaphoreSlim _wanted = new(0);

    /// <summary>From the loop: the next chunk is wanted, or none any more.</summary>
    public void Wake() => _wanted.Release();

    public Task WaitAsync(CancellationToken stop) => _wanted.WaitAsync(stop);
}
