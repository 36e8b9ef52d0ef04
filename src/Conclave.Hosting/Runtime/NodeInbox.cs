using System.Collections.Concurrent;
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

    private readonly Channel<NodeRequest?> _channel = Channel.CreateBounded<NodeRequest?>(new BoundedChannelOptions(RequestsMax)
    {
        SingleReader = true,
        FullMode = BoundedChannelFullMode.Wait,                        // TryWrite says no when full, which is what is wanted
    });

    // Never more elements than jobs under way.
    private readonly ConcurrentQueue<DiskJob> _finishedJobs = new();
    // Bounded by who fills them: connections read no further while so many of their requests wait, and only requests of ours have answers.
    private readonly ConcurrentQueue<RaftMessage> _messages = new();
    private readonly ConcurrentQueue<Action<Node.Node>> _inputs = new();
    private volatile bool _isClosed;

    /// <summary>What has arrived, for the loop; null elements only wake it.</summary>
    public ChannelReader<NodeRequest?> Requests => _channel.Reader;

    /// <summary>No more requests are taken.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Hands a request to the loop; false when too many wait already or the node stops.</summary>
    public bool TryPost(NodeRequest request) => !_isClosed && _channel.Writer.TryWrite(request);

    /// <summary>Hands a message from another server to the loop.</summary>
    public void Post(in RaftMessage message)
    {
        if (_isClosed) return;
        _messages.Enqueue(message);
        Wake();
    }

    /// <summary>Hands another input to the loop: it is run there.</summary>
    public void Post(Action<Node.Node> input)
    {
        if (_isClosed) return;
        _inputs.Enqueue(input);
        Wake();
    }

    /// <summary>The next message, for the loop.</summary>
    public bool TryTakeMessage(out RaftMessage message) => _messages.TryDequeue(out message);

    /// <summary>The next input, for the loop.</summary>
    public bool TryTakeInput(out Action<Node.Node> input) => _inputs.TryDequeue(out input!);

    /// <summary>Hands a disk job that has run back to the loop.</summary>
    public void OnDiskDone(DiskJob job)
    {
        _finishedJobs.Enqueue(job);
        Wake();
    }

    /// <summary>The next disk job that has run, for the loop.</summary>
    public bool TryTakeFinished(out DiskJob job) => _finishedJobs.TryDequeue(out job!);

    /// <summary>Wakes the loop. Nothing happens when the inbox is full: the loop is awake then.</summary>
    public void Wake() => _channel.Writer.TryWrite(null);

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
