using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;
using Conclave.Core.Codec;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Rpc.Raft;

namespace Conclave.Hosting;

/// <summary>
/// One connection to another server, dialled when there is something to send and again when it broke. Requests leave without waiting for answers; answers come in the same order.
/// What could not be sent, or was not answered when the connection ended, is reported.
/// </summary>
internal sealed class RaftLink : IAsyncDisposable
{
    private const int QueueMax = 1024, BatchBytes = 1 << 20;

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(10), LongestBackoff = TimeSpan.FromMilliseconds(250);

    private readonly RaftTransport _transport;
    private readonly string _peerId;
    private readonly TimeSpan _patience;
    private readonly Func<string> _address;
    private readonly Action<string?> _report;
    // Whoever sends writes to the connection himself when it is free: a write only copies bytes to the kernel, and waking another thread costs more.
    private readonly Channel<RaftMessage> _queue = Channel.CreateBounded<RaftMessage>(new BoundedChannelOptions(QueueMax) { SingleReader = true, SingleWriter = false, AllowSynchronousContinuations = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <param name="transport">Whose link it is.</param>
    /// <param name="peerId">To whom.</param>
    /// <param name="address">Where to dial, asked each time.</param>
    /// <param name="patience">Longest wait for an answer; then the connection is given up.</param>
    /// <param name="report">Told, on any thread, why requests were lost, or null when a connection stands.</param>
    public RaftLink(RaftTransport transport, string peerId, Func<string> address, TimeSpan patience, Action<string?> report)
    {
        (_transport, _peerId, _address, _patience, _report) = (transport, peerId, address, patience, report);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Takes a request; false when too many wait already: it is lost.</summary>
    public bool TrySend(in RaftMessage message) => _queue.Writer.TryWrite(message);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var backoff = FirstBackoff;
        int attempt = 0;
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                string reason;
                try
                {
                    var stream = await RaftDialer.DialAsync(_address(), RaftDialer.TimeoutOf(attempt++), _stop.Token).ConfigureAwait(false);
                    await using (stream.ConfigureAwait(false))
                    {
                        _report(null);
                        (backoff, attempt) = (FirstBackoff, 0);
                        reason = await new Connection(this, stream).RunAsync().ConfigureAwait(false);
                    }
                }
                catch (IOException failure)
                {
                    reason = failure.Message;
                }
                while (_queue.Reader.TryRead(out _))
                {
                    // Older than what the core will want to say when the connection stands again.
                }
                _report(reason);
                await Task.Delay(backoff, _stop.Token).ConfigureAwait(false);
                backoff = backoff * 2 > LongestBackoff ? LongestBackoff : backoff * 2;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    /// <summary>A connection that stands.</summary>
    private sealed class Connection(RaftLink link, NetworkStream stream)
    {
        private readonly ConcurrentQueue<(RaftMessage Request, long SentAt)> _waiting = new();
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(link._stop.Token);
        private string? _reason;

        /// <summary>Runs until it ends, and says why it did.</summary>
        public async Task<string> RunAsync()
        {
            await Task.WhenAll(GuardAsync(WriteAsync), GuardAsync(ReadAsync), GuardAsync(WatchAsync)).ConfigureAwait(false);
            _end.Dispose();
            link._stop.Token.ThrowIfCancellationRequested();
            return _reason ?? "closed";
        }

        private async Task GuardAsync(Func<Task> part)
        {
            try
            {
                await part().ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException or MsgPackException or TimeoutException)
            {
                if (!_end.IsCancellationRequested) _reason ??= failure.Message;
            }
            await _end.CancelAsync().ConfigureAwait(false);
        }

        private async Task WriteAsync()
        {
            var output = new ArrayBufferWriter<byte>(4096);
            while (await link._queue.Reader.WaitToReadAsync(_end.Token).ConfigureAwait(false))
            {
                while (output.WrittenCount < BatchBytes && link._queue.Reader.TryRead(out var request))
                {
                    link._transport.Wire.WriteRequest(output, request);
                    // Entries are not needed to understand the answer, and must not be kept by it.
                    _waiting.Enqueue((request with { Entries = default }, Environment.TickCount64));
                }
                await stream.WriteAsync(output.WrittenMemory, _end.Token).ConfigureAwait(false);
                if (output.Capacity > 2 * BatchBytes) output = new ArrayBufferWriter<byte>(4096);
                else output.ResetWrittenCount();
            }
        }

        private async Task ReadAsync()
        {
            var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
            while (await RaftFrames.ReadAsync(reader, RaftFrameScanner.ForReply(), _end.Token).ConfigureAwait(false) is { } frame)
            {
                if (!_waiting.TryDequeue(out var asked)) throw new IOException("an answer to nothing");
                var reply = RaftWire.ReadReply(frame, asked.Request);
                if (reply.Kind != RaftMessageKind.TimeoutNow) link._transport.Inbox.Post(reply);
            }
            // A peer that does not know pre-votes hangs up on one.
            if (_waiting.TryPeek(out var last) && last.Request.Kind == RaftMessageKind.PreVote) link._transport.Inbox.Post(RaftWire.PreVoteUnknown(last.Request));
            throw new IOException("the peer closed the connection");
        }

        private async Task WatchAsync()
        {
            while (true)
            {
                await Task.Delay(link._patience / 4, _end.Token).ConfigureAwait(false);
                if (_waiting.TryPeek(out var oldest) && Environment.TickCount64 - oldest.SentAt > link._patience.TotalMilliseconds) throw new TimeoutException("no answer in time");
            }
        }
    }
}
