using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Conclave.Core.Codec;
using Conclave.Node;
using Conclave.Rpc.Raft;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>Sends one snapshot over a connection of its own, chunk by chunk as the node gives them, and brings back the follower's answer.</summary>
internal sealed class SnapshotStream(RaftTransport transport, SnapshotUpload upload, string address, ILogger logger)
{
    // The follower stores and decodes each chunk before it takes the next ones, and answers when all is durable.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(30), AnswerTimeoutMin = TimeSpan.FromSeconds(30);

    private readonly Channel<bool> _ready = Channel.CreateUnbounded<bool>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>From the loop: a chunk is ready, or the upload was given up.</summary>
    public void OnReady() => _ready.Writer.TryWrite(true);

    /// <summary>Runs until the snapshot is answered, or failed.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var stream = await RaftDialer.DialAsync(address, stop).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false)) await SendAsync(stream, stop).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or TimeoutException or MsgPackException or ObjectDisposedException)
        {
            if (!stop.IsCancellationRequested) RaftLog.SnapshotFailed(logger, upload.Offer.Message.To, failure.Message);
            transport.Inbox.Post(node => node.OnUploadFailed(upload));
        }
    }

    private async Task SendAsync(Stream stream, CancellationToken stop)
    {
        var head = new ArrayBufferWriter<byte>();
        transport.Wire.WriteOffer(head, upload.Offer);
        await stream.WriteAsync(head.WrittenMemory, stop).AsTask().WaitAsync(WriteTimeout, stop).ConfigureAwait(false);
        while (await _ready.Reader.WaitToReadAsync(stop).ConfigureAwait(false) && _ready.Reader.TryRead(out _))
        {
            if (upload.IsAborted) return;
            bool isLast = upload.IsLast;
            await stream.WriteAsync(upload.Chunk, stop).AsTask().WaitAsync(WriteTimeout, stop).ConfigureAwait(false);
            if (isLast) break;
            transport.Inbox.Post(node => node.OnChunkSent(upload));
        }
        var patience = AnswerTimeoutMin + TimeSpan.FromSeconds(upload.Offer.Size / (1 << 20));
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        var frame = await RaftFrames.ReadAsync(reader, RaftFrameScanner.ForReply(), stop).AsTask().WaitAsync(patience, stop).ConfigureAwait(false) ?? throw new IOException("the peer closed the connection");
        transport.Inbox.Post(RaftWire.ReadReply(frame, upload.Offer.Message));
    }
}
