namespace Conclave.Hosting.Calls;

/// <summary>An archive of which the beginning came with the reply before it. Read only, forward only; closes the connection with itself.</summary>
internal sealed class ArchiveStream(ReadOnlyMemory<byte> beginning, Stream rest) : Stream
{
    // How long the server may take for the next piece.
    private static readonly TimeSpan PieceTimeout = TimeSpan.FromSeconds(30);

    private ReadOnlyMemory<byte> _beginning = beginning;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_beginning.Length > 0)
        {
            int taken = Math.Min(buffer.Length, _beginning.Length);
            _beginning[..taken].CopyTo(buffer);
            _beginning = _beginning[taken..];
            return taken;
        }
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PieceTimeout);
        return await rest.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is written.
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) rest.Dispose();
        base.Dispose(disposing);
    }
}
