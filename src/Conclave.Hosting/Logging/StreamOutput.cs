namespace Conclave.Hosting.Logging;

/// <summary>Log lines on a stream that belongs to somebody else (standard output).</summary>
internal sealed class StreamOutput(Stream stream) : ILogOutput
{
    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> lines)
    {
        stream.Write(lines);
        stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The stream is the caller's.
    }
}
