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
    /// <summary>How long the end of the agent waits for lines that are still queued.</summary>
    public static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(250);

    /// <summary>Lines that may wait; about a megabyte of usual lines.</summary>
    private const int QueueLinesMax = 8192;

    /// <summary>Characters written at once.</summary>
    private const int BatchCharsMax = 64 * 1024;

    private readonly Channel<string> _queue;
    private readonly Thread _thread;
    private readonly ILogOutput _output;
    private long _dropped;

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
        _queue.Writer.TryComplete();
        _thread.Join(DrainTime);
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
                _output.Write(Encoding.UTF8.GetBytes(batch.ToString()));
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
