using System.Text;
using System.Threading.Channels;

namespace Conclave.Hosting.Logging;

/// <summary>Where a pump's bytes go. Called by the pump's thread alone; may block.</summary>
internal interface ILogOutput : IDisposable
{
    /// <summary>Writes whole lines; an output that fails once is not asked again.</summary>
    void Write(ReadOnlySpan<byte> lines);
}

/// <summary>A bounded queue of lines and the thread that writes them, because a write to a full pipe blocks for as long as its reader likes.</summary>
internal sealed class LogPump : IDisposable
{
    /// <summary>How long the end of the agent waits for a write that does not end.</summary>
    public static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(250);

    /// <summary>How long it waits at most for lines that are still queued.</summary>
    private static readonly TimeSpan DrainTimeMax = TimeSpan.FromSeconds(2);

    /// <summary>Lines that may wait; about a megabyte of usual lines.</summary>
    private const int QueueLinesMax = 8192;

    /// <summary>Characters written at once.</summary>
    private const int BatchCharsMax = 64 * 1024;

    private readonly Channel<string> _queue;
    private readonly Thread _thread;
    private readonly ILogOutput _output;
    private long _dropped;
    private int _written;                                      // batches
    private volatile bool _isWriting;

    public LogPump(string name, ILogOutput output)
    {
        _output = output;
        _queue = Channel.CreateBounded<string>(
            new BoundedChannelOptions(QueueLinesMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite },
            _ => Interlocked.Increment(ref _dropped));
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public long DroppedLines => Interlocked.Read(ref _dropped);

    public void Enqueue(string text) => _queue.Writer.TryWrite(text);

    public void Dispose()
    {
        // The output belongs to the thread; when that hangs in a write, the end of the process closes it.
        // A thread that only waits for the processor will come to its lines: they say why the agent ended.
        _queue.Writer.TryComplete();
        int written = Volatile.Read(ref _written);
        for (var waited = TimeSpan.Zero; waited < DrainTimeMax && !_thread.Join(DrainTime); waited += DrainTime)
        {
            int now = Volatile.Read(ref _written);
            if (_isWriting && now == written) return;
            written = now;
        }
    }

    private void Run()
    {
        var batch = new StringBuilder();
        try
        {
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                batch.Clear();
                while (batch.Length < BatchCharsMax && _queue.Reader.TryRead(out var text)) batch.Append(text);
                _isWriting = true;
                _output.Write(Encoding.UTF8.GetBytes(batch.ToString()));
                _isWriting = false;
                Interlocked.Increment(ref _written);
            }
            _output.Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // The reader is gone or the disk is full: the agent goes on without this output, and further lines count as dropped.
            Discard();
        }
    }

    private void Discard()
    {
        do
        {
            while (_queue.Reader.TryRead(out _)) Interlocked.Increment(ref _dropped);
        }
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult());
    }
}
