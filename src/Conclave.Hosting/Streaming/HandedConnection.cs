using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Hosting.Streaming;

/// <summary>A connection that the server port has accepted, as the web server sees it. The stream stays with the server port.</summary>
internal sealed class HandedConnection : ConnectionContext, IDuplexPipe
{
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _stream;
    private int _isAborted;

    /// <param name="stream">What follows the first byte.</param>
    /// <param name="remote">Who dialled.</param>
    /// <param name="id">Name of the connection, unique here.</param>
    public HandedConnection(Stream stream, IPEndPoint remote, string id)
    {
        _stream = stream;
        ConnectionId = id;
        RemoteEndPoint = remote;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        Transport = this;
        ConnectionClosed = _closed.Token;
    }

    /// <summary>Completes when the web server is done with it.</summary>
    public Task Ended => _ended.Task;

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output { get; }

    /// <inheritdoc/>
    public override string ConnectionId { get; set; }

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _isAborted, 1) != 0) return;
        _stream.Dispose();                                             // ends reads and writes that are under way
        // Whoever listens may take its time, and may be the one who aborts.
        ThreadPool.UnsafeQueueUserWorkItem(static self => self.Close(), this, preferLocal: false);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _ended.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private void Close()
    {
        try
        {
            _closed.Cancel();
        }
        catch (AggregateException)
        {
            return;                                                    // a listener's own failure; the connection is gone all the same
        }
    }
}
