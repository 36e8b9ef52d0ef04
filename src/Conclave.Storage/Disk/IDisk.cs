namespace Conclave.Storage;

/// <summary>An open file of one <see cref="IDisk"/>.</summary>
/// <param name="Value">Chosen by the disk.</param>
public readonly record struct FileId(int Value);

/// <summary>How to open a file.</summary>
public enum FileOpening
{
    /// <summary>It must exist.</summary>
    Existing,
    /// <summary>It is created empty; one that exists is emptied.</summary>
    Replace,
}

/// <summary>
/// The file system below one data folder, as the engine uses it. Calls block: they are made while recovering, and by <see cref="DiskJob"/>s on the thread that runs them,
/// never by the node's loop. Paths are relative to the data folder and use <c>/</c>. Every failure is a <see cref="DiskException"/>.
/// May be called from several threads at once; two threads never write the same bytes.
/// </summary>
public interface IDisk
{
    /// <summary>Opens a file for reading and writing.</summary>
    FileId Open(string path, FileOpening opening);

    /// <summary>Closes it. What was not flushed may be lost.</summary>
    void Close(FileId file);

    /// <summary>Current length in bytes.</summary>
    long Length(FileId file);

    /// <summary>Reads up to <c>into.Length</c> bytes; 0 at the end of the file, otherwise possibly fewer than asked for.</summary>
    int Read(FileId file, long offset, Span<byte> into);

    /// <summary>Writes the parts one behind the other, all or a failure. Volatile until <see cref="Flush"/>. The memory is borrowed for the call.</summary>
    void Write(FileId file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts);

    /// <summary>Writes all bytes. Volatile until <see cref="Flush"/>.</summary>
    void Write(FileId file, long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes content and length durable. After a failure nothing is known of the unflushed bytes: never call again and believe it.</summary>
    void Flush(FileId file);

    /// <summary>Makes creations, renames and deletions in a folder durable.</summary>
    void FlushDirectory(string path);

    /// <summary>Creates a folder and those above it; nothing happens when it exists.</summary>
    void CreateDirectory(string path);

    /// <summary>Renames a file or folder, replacing a file of the new name.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file, or a folder with all in it; nothing happens when there is none.</summary>
    void Delete(string path);

    /// <summary>Names in a folder in ordinal order; empty when there is no such folder.</summary>
    IReadOnlyList<string> List(string path);

    /// <summary>Takes the lock file at <paramref name="path"/> until the disk is disposed or the process ends.</summary>
    /// <exception cref="DiskException">With <see cref="DiskError.Locked"/>: somebody else holds it.</exception>
    void Lock(string path);
}

/// <summary>Why a disk operation failed.</summary>
public enum DiskError
{
    /// <summary>The device or the file system reported an error.</summary>
    Failed,
    /// <summary>No space or quota left.</summary>
    Full,
    /// <summary>No such file or folder.</summary>
    NotFound,
    /// <summary>The operating system forbids it.</summary>
    Forbidden,
    /// <summary>Another process uses the data folder.</summary>
    Locked,
}

/// <summary>A disk operation failed.</summary>
/// <param name="error">Kind of failure.</param>
/// <param name="operation">What was tried, one word: <c>write</c>, <c>flush</c>, …</param>
/// <param name="path">File or folder, as the operator knows it.</param>
/// <param name="detail">Reason in the words of the operating system.</param>
public sealed class DiskException(DiskError error, string operation, string path, string detail) : Exception($"{operation} {path}: {detail}")
{
    /// <summary>Kind of failure.</summary>
    public DiskError Error { get; } = error;

    /// <summary>What was tried.</summary>
    public string Operation { get; } = operation;

    /// <summary>File or folder.</summary>
    public string Path { get; } = path;
}
