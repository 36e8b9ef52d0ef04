using System.Buffers;
using System.Net;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;

namespace Conclave.Hosting.Calls;

/// <summary>A connection without a multiplexer: calls one after the other. It is read on while a call waits, to hear when the other side has gone.</summary>
internal sealed class RpcSingleSession(RpcServer server, RpcLimits limits, IPAddress? remote) : IDisposable
{
    private const int ReadBytes = 16 * 1024;

    private readonly CallCollector _collector = new(limits.ArgumentBytesMax);
    private readonly CancellationTokenSource _departure = new();

    /// <summary>Serves until the other side ends it or breaks the form.</summary>
    public async Task<string> RunAsync(Stream connection, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        var reading = ReadAsync(connection, buffer, stop);
        try
        {
            while (true)
            {
                int read = await reading.ConfigureAwait(false);
                if (read == 0) return "";
                _collector.Add(buffer.AsSpan(0, read));
                reading = ReadAsync(connection, buffer, stop);
                while (_collector.IsComplete) await AnswerAsync(connection, reading, stop).ConfigureAwait(false);
                if (_collector.IsBroken) return "bytes behind a call are none";
            }
        }
        catch (MsgPackException malformed)
        {
            return malformed.Message;
        }
        catch (Exception ended) when (ended is IOException or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return stop.IsCancellationRequested ? "" : ended.Message;
        }
        finally
        {
            if (reading.IsCompleted) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _collector.Dispose();
        _departure.Dispose();
    }

    private async Task AnswerAsync(Stream connection, Task<int> reading, CancellationToken stop)
    {
        using var call = _collector.Take();
        var answering = server.AnswerAsync(call, remote, _departure.Token).AsTask();
        await Task.WhenAny(answering, reading).ConfigureAwait(false);
        bool hasGone = !answering.IsCompleted && (!reading.IsCompletedSuccessfully || await reading.ConfigureAwait(false) == 0);
        if (hasGone) await _departure.CancelAsync().ConfigureAwait(false);

        using var reply = await answering.ConfigureAwait(false);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(limits.WriteTimeout);
        await connection.WriteAsync(reply.WrittenMemory, patience.Token).ConfigureAwait(false);
    }

    private static Task<int> ReadAsync(Stream connection, byte[] buffer, CancellationToken stop) => connection.ReadAsync(buffer, stop).AsTask();
}
