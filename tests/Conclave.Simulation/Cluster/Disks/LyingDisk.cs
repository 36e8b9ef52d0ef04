using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>A disk that says that files are durable when they are not, as some hardware does. For a planted bug.</summary>
internal sealed class LyingDisk(IDisk disk) : IDisk
{
    public FileId Open(string path, FileOpening opening) => disk.Open(path, opening);

    public void Close(FileId file) => disk.Close(file);

    public long Length(FileId file) => disk.Length(file);

    public int Read(FileId file, long offset, Span<byte> into) => disk.Read(file, offset, into);

    public void Write(FileId file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts) => disk.Write(file, offset, parts);

    public void Write(FileId file, long offset, ReadOnlySpan<byte> bytes) => disk.Write(file, offset, bytes);

    public void Flush(FileId file)
    {
        // Nothing: that is the lie.
    }

    public void FlushDirectory(string path) => disk.FlushDirectory(path);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public IReadOnlyList<string> List(string path) => disk.List(path);

    public void Lock(string path) => disk.Lock(path);
}
