using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Conclave.Core.Codec;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Rpc.Raft;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// Serves the Raft connections of other servers: reads requests, hands them to the node and answers in the order they came, without waiting for one answer before the next request is read.
/// A connection that brings what is no request is closed.
/// </summary>
internal sealed class RaftInbound(RaftTransport transport, ILogger logger) : IServerConnectionHandler
{
    // Requests of one connection that may wait for their answers; peers send at most so many without one.
    private const int PipelineMax = 256;

    private const int ChunkBytes = 256 << 10;

    /// <inheritdoc/>
    public async Task ServeAsync(ServerConnection connection, CancellationToken stop)
    {
        var pending = Channel.CreateBounded<InboundRequest>(new BoundedChannelOptions(PipelineMax) { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var patience = new AnswerPatience(end, TimeProvider.System);
        var answering = AnswerAsync(connection.Stream, pending.Reader, patience, end);
        var watching = patience.WatchAsync();
        try
        {
            await ReadAsync(PipeReader.Create(connection.Stream, new StreamPipeReaderOptions(bufferSize: 64 << 10)), pending.Writer, end.Token).ConfigureAwait(false);
        }
        catch (MsgPackException malformed)
        {
            RaftLog.Malformed(logger, connection.Remote, malformed.Message);
        }
        finally
        {
            pending.Writer.TryComplete();
            if (!answering.IsCompleted) await Task.WhenAny(answering, Task.Delay(AnswerPatience.WriteTimeout, stop)).ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await answering.ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(PipeReader reader, ChannelWriter<InboundRequest> pending, CancellationToken stop)
    {
        try
        {
            while (await RaftFrames.ReadAsync(reader, RaftFrameScanner.ForRequest(), stop).ConfigureAwait(false) is { } frame)
            {
                var request = transport.Take(RaftWire.ReadRequest(frame), out var snapshot);
                await pending.WriteAsync(request, stop).ConfigureAwait(false);
                if (snapshot is not null) await ReceiveAsync(reader, snapshot, request, stop).ConfigureAwait(false);
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync(PipeReader reader, InboundSnapshot snapshot, InboundRequest request, CancellationToken stop)
    {
        bool whole = false;
        try
        {
            for (long left = snapshot.Offer.Size; left > 0;)
            {
                if (!snapshot.IsOver) await snapshot.WaitAsync(stop).ConfigureAwait(false);
                var chunk = await ReadChunkAsync(reader, left, stop).ConfigureAwait(false);
                if (chunk.Length == 0) return;
                left -= chunk.Length;
                if (!snapshot.IsOver) transport.Inbox.Post(node => node.OnSnapshotChunk(snapshot, chunk));
            }
            whole = true;
        }
        finally
        {
            if (!whole) transport.Inbox.Post(node => node.OnSnapshotBroken(snapshot));
        }
        // The last chunk is still being stored: the next request of this connection waits, as it does with the peers.
        await request.Answer.WaitAsync(stop).ConfigureAwait(false);
    }

    private static async ValueTask<byte[]> ReadChunkAsync(PipeReader reader, long left, CancellationToken stop)
    {
        int wanted = (int)Math.Min(left, ChunkBytes);
        var result = await reader.ReadAtLeastAsync(wanted, stop).ConfigureAwait(false);
        var buffer = result.Buffer.Slice(0, Math.Min(wanted, result.Buffer.Length));
        var chunk = buffer.Length < wanted ? [] : buffer.ToArray();
        reader.AdvanceTo(buffer.End);
        return chunk;
    }

    private async Task AnswerAsync(Stream stream, ChannelReader<InboundRequest> pending, AnswerPatience patience, CancellationTokenSource end)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        try
        {
            while (await pending.WaitToReadAsync(end.Token).ConfigureAwait(false))
            {
                while (pending.TryRead(out var request))
                {
                    if (!request.Answer.IsCompleted && output.WrittenCount > 0) await WriteAsync(stream, output, patience, end.Token).ConfigureAwait(false);
                    await WriteAnswerAsync(request, output, patience).ConfigureAwait(false);
                }
                if (output.WrittenCount > 0) await WriteAsync(stream, output, patience, end.Token).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or ObjectDisposedException)
        {
            RaftLog.Ended(logger, patience.Reason ?? failure.Message);
            await end.CancelAsync().ConfigureAwait(false);             // no answers, no more requests
        }
        finally
        {
            while (pending.TryRead(out var request)) transport.Forget(request);
        }
    }

    private async ValueTask WriteAnswerAsync(InboundRequest request, ArrayBufferWriter<byte> output, AnswerPatience patience)
    {
        if (request.Error.Length > 0)
        {
            RaftWire.WriteRefusal(output, request.Error);
            return;
        }
        try
        {
            patience.BeginAnswer(request);
            var answer = await request.Answer.ConfigureAwait(false);
            transport.Wire.WriteReply(output, request.Kind, answer, request.Snapshot?.Problem ?? "");
        }
        finally
        {
            patience.End();
            transport.Forget(request);
        }
    }

    private static async ValueTask WriteAsync(Stream stream, ArrayBufferWriter<byte> output, AnswerPatience patience, CancellationToken stop)
    {
        patience.BeginWrite();
        await stream.WriteAsync(output.WrittenMemory, stop).ConfigureAwait(false);
        patience.End();
        output.ResetWrittenCount();
    }
}
