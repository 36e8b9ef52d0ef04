namespace Conclave.Storage;

/// <summary>A disk that takes everything and keeps nothing, for servers that need not survive their process (<c>-dev</c>). Thread-safe.</summary>
public sealed class ForgetfulDisk : IDisk
{
    /// <inheritdoc/>
    public FileId Open(string path, FileOpening opening) =>
        opening == FileOpening.Replace ? new FileId(1) : throw new DiskException(DiskError.NotFound, "open", path, "nothing is kept");

    /// <inheritdoc/>
    public void Close(FileId file)
    {
    }

    /// <inheritdoc/>
    public long Length(FileId file) => 0;

    /// <inheritdoc/>
    public int Read(FileId file, long offset, Span<byte> into) => 0;

    /// <inheritdoc/>
    public void Write(FileId file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
    }

    /// <inheritdoc/>
    public void Write(FileId file, long offset, ReadOnlySpan<byte> bytes)
    {
    }

    /// <inheritdoc/>
    public void Flush(FileId file)
    {
    }

    /// <inheritdoc/>
    public void FlushDirectory(string path)
    {
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string path) => [];

    /// <inheritdoc/>
    public void Lock(string path)
    {
    }
}
