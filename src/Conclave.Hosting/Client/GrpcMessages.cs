using System.Buffers;
using Conclave.Rpc.Grpc;

namespace Conclave.Hosting.Client;

/// <summary>
/// Reads the messages of a stream. While nothing comes it holds no memory; it never takes more than has come, doubled, and never more than one message may have.
/// </summary>
/// <param name="stream">What is read; disposed of with this.</param>
/// <param name="messageBytesMax">Longest message that is taken.</param>
internal sealed class GrpcMessages(Stream stream, int messageBytesMax) : IDisposable
{
    private const int ReadBytes = 16 * 1024;

    private byte[] _buffer = [];
    private int _start, _end;                                  // _start <= _end; between them lies what was read and not given yet

    /// <summary>Waits until more has come; false at the end of the stream.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken stop)
    {
        if (_start == _end)
        {
            Return();
            await stream.ReadAsync(Memory<byte>.Empty, stop).ConfigureAwait(false);
        }
        MakeRoom();
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), stop).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    /// <summary>The next message, until the next call; false when not all of one has come.</summary>
    /// <exception cref="Conclave.Rpc.RpcFormatException">It breaks the form or the bound.</exception>
    public bool TryNext(out ReadOnlySpan<byte> message)
    {
        if (!GrpcFraming.TryRead(_buffer.AsSpan(_start, _end - _start), messageBytesMax, out message)) return false;
        _start += GrpcFraming.PrefixBytes + message.Length;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Return();
        stream.Dispose();
    }

    private void MakeRoom()
    {
        int held = _end - _start;
        if (_buffer.Length - _end >= ReadBytes / 2) return;
        if (_start > 0 && _buffer.Length - held >= ReadBytes / 2) _buffer.AsSpan(_start, held).CopyTo(_buffer);
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(ReadBytes, held * 2));
            _buffer.AsSpan(_start, held).CopyTo(larger);
            if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        (_start, _end) = (0, held);
    }

    private void Return()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = ([], 0, 0);
    }
}
