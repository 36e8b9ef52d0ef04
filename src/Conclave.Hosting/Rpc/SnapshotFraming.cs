using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Hosting.Calls;

/// <summary>Reads of a snapshot connection: one value, and whatever follows.</summary>
internal static class SnapshotFraming
{
    private const int ReadBytes = 64 * 1024;

    /// <summary>Reads one value into <paramref name="into"/> and gives its size; bytes behind it may have been read too.</summary>
    /// <exception cref="MsgPackException">No value, or one that is too long.</exception>
    /// <exception cref="IOException">The other side ended within it.</exception>
    public static async ValueTask<int> ReadValueAsync(Stream stream, PooledBuffer into, int bytesMax, CancellationToken stop)
    {
        var scanner = new MsgPackScanner(bytesMax, acceptExtensions: true);
        while (!scanner.IsComplete)
        {
            int before = into.WrittenCount;
            if (!await ReadMoreAsync(stream, into, stop).ConfigureAwait(false)) throw new IOException("EOF");
            scanner.Scan(into.WrittenSpan[before..]);
        }
        return (int)scanner.BytesScanned;
    }

    /// <summary>Reads what is there; false at the end.</summary>
    public static async ValueTask<bool> ReadMoreAsync(Stream stream, PooledBuffer into, CancellationToken stop)
    {
        int read = await stream.ReadAsync(into.GetMemory(ReadBytes), stop).ConfigureAwait(false);
        into.Advance(read);
        return read > 0;
    }
}
