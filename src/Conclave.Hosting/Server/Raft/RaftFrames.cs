using System.Buffers;
using System.IO.Pipelines;
using Conclave.Core.Codec;
using Conclave.Rpc.Raft;

namespace Conclave.Hosting;

/// <summary>Cuts requests or answers out of a connection.</summary>
internal static class RaftFrames
{
    /// <summary>The next one, as a copy; null at the end of the connection.</summary>
    /// <param name="reader">The connection.</param>
    /// <param name="scanner">Knows where one ends, and has seen nothing yet.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="MsgPackException">What comes is neither.</exception>
    public static async ValueTask<byte[]?> ReadAsync(PipeReader reader, RaftFrameScanner scanner, CancellationToken stop)
    {
        while (true)
        {
            var result = await reader.ReadAsync(stop).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (Scan(ref scanner, buffer))
            {
                var frame = buffer.Slice(0, scanner.BytesScanned).ToArray();
                reader.AdvanceTo(buffer.GetPosition(scanner.BytesScanned));
                return frame;
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted) return null;
        }
    }

    private static bool Scan(ref RaftFrameScanner scanner, in ReadOnlySequence<byte> buffer)
    {
        foreach (var segment in buffer.Slice(scanner.BytesScanned))
            if (scanner.Scan(segment.Span)) return true;
        return false;
    }
}
