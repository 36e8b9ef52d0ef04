using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Hosting;

/// <summary>Requests on their way to a node's loop. There before the loop is, so that front ends may open while the node still reads its log.</summary>
internal sealed class NodeInbox
{
    /// <summary>Requests that wait for the loop. Above it a request fails at once.</summary>
    public const int RequestsMax = 16_384;

    private readonly Channel<NodeRequest> _channel = Channel.CreateBounded<NodeRequest>(new BoundedChannelOptions(RequestsMax)
    {
        SingleReader = true,
        FullMode = BoundedChannelFullMode.Wait,                        // TryWrite says no when full, which is what is wanted
    });

    // Never more elements than jobs under way.
    private readonly ConcurrentQueue<DiskJob> _finishedJobs = new();
    // Bounded by who fills them: connections read no further while so many of their requests wait, and only requests of ours have answers.
    private readonly ConcurrentQueue<RaftMessage> _messages = new();
    private readonly ConcurrentQueue<Action<Node.Node>> _inputs = new();
    private int _logJobs;
    private volatile bool _isClosed;

    /// <summary>Runs the loop's turns.</summary>
    public TurnGate Turns { get; } = new();

    /// <summary>Writes to the log are under way.</summary>
    public bool IsLogBusy => Volatile.Read(ref _logJobs) > 0;

    /// <summary>No more requests are taken.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Hands a request to the loop; false when too many wait already or the node stops.</summary>
    public bool TryPost(NodeRequest request)
    {
        if (_isClosed || !_channel.Writer.TryWrite(request)) return false;
        // A write that comes while the log is busy rides with the next flush, and the turn between the two takes it.
        Interlocked.MemoryBarrier();
        if (request.Kind != NodeRequestKind.Apply || !IsLogBusy) Wake();
        return true;
    }

    /// <summary>Hands a message from another server to the loop. The calling thread may run a turn.</summary>
    public void Post(in RaftMessage message)
    {
        if (_isClosed) return;
        _messages.Enqueue(message);
        Turns.Wake(here: true);
    }

    /// <summary>Hands another input to the loop: it is run there.</summary>
    public void Post(Action<Node.Node> input)
    {
        if (_isClosed) return;
        _inputs.Enqueue(input);
        Wake();
    }

    /// <summary>The next request, for the loop.</summary>
    public bool TryTakeRequest([MaybeNullWhen(false)] out NodeRequest request) => _channel.Reader.TryRead(out request);

    /// <summary>The next message, for the loop.</summary>
    public bool TryTakeMessage(out RaftMessage message) => _messages.TryDequeue(out message);

    /// <summary>The next input, for the loop.</summary>
    public bool TryTakeInput(out Action<Node.Node> input) => _inputs.TryDequeue(out input!);

    /// <summary>A disk job is on its way. Called by the loop only.</summary>
    public void OnDiskBegun(DiskJob job)
    {
        if (job.Lane == DiskLane.Log) Interlocked.Increment(ref _logJobs);
    }

    /// <summary>Hands a disk job that has run back to the loop. The thread that writes the log has nothing to do before the loop says what: it runs the turn.</summary>
    public void OnDiskDone(DiskJob job)
    {
        bool isLog = job.Lane == DiskLane.Log;
        _finishedJobs.Enqueue(job);
        if (isLog) Interlocked.Decrement(ref _logJobs);
        Turns.Wake(here: isLog);
    }

    /// <summary>The next disk job that has run, for the loop.</summary>
    public bool TryTakeFinished(out DiskJob job) => _finishedJobs.TryDequeue(out job!);

    /// <summary>Wakes the loop.</summary>
    public void Wake() => Turns.Wake(here: false);

    /// <summary>Takes no more requests. The loop still hears of disk jobs.</summary>
    public void Close()
    {
        _isClosed = true;
        Wake();
    }

    /// <summary>The loop has ended: nothing gets in any more.</summary>
    public void Complete()
    {
        _isClosed = true;
        _channel.Writer.TryComplete();
    }
}
