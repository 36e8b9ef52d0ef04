using System.ComponentModel;
using System.Runtime.InteropServices;

using Conclave.Storage;

using Microsoft.Win32.SafeHandles;

namespace Conclave.Hosting;

/// <summary>
/// The real disk below one data folder. As <see cref="IDisk"/> it blocks; as <see cref="IDiskQueue"/> it runs each lane's jobs on a thread of its own, in order,
/// and hands them back through the callback. Disposing waits for the running jobs, drops the waiting ones and releases the lock.
/// </summary>
public sealed class SystemDisk : IDisk, IDiskQueue, IDisposable
{
    private readonly string _root;
    private readonly Lock _gate = new();                       // guards _files, _nextFile
    private readonly Dictionary<int, (SafeFileHandle Handle, string Path)> _files = [];
    private readonly DiskWorker _log, _background;
    private readonly Lazy<DiskWorker> _reads, _snapshots;    // many servers never need them
    private int _nextFile = 1;
    private FileStream? _lock;
    private volatile bool _isDisposed;

    /// <summary>Uses (and creates) a data folder.</summary>
    /// <param name="root">Path of the folder.</param>
    /// <param name="completed">Called on a worker's thread with each job that has run; must not block for long nor throw.</param>
    /// <exception cref="DiskException">The folder cannot be made.</exception>
    public SystemDisk(string root, Action<DiskJob> completed)
    {
        _root = Path.GetFullPath(root);
        MakeRoot();
        _log = new DiskWorker(this, completed, "conclave log");
        _background = new DiskWorker(this, completed, "conclave disk");
        _reads = new(() => new DiskWorker(this, completed, "conclave reads"));
        _snapshots = new(() => new DiskWorker(this, completed, "conclave snap"));
    }

    // A folder that was made a moment ago is lost with the power, and all in it, unless the one above is flushed.
    private void MakeRoot()
    {
        var made = new List<string>();
        for (string? folder = _root; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder)) made.Add(folder);
        CreateDirectory("");
        foreach (string folder in made) FlushDirectory(Path.GetDirectoryName(folder)!);
    }

    /// <inheritdoc/>
    public void Submit(DiskJob job)
    {
        if (!_isDisposed) Worker(job.Lane).Submit(job);        // later ones are dropped, and make no worker that nobody would end
    }

    private DiskWorker Worker(DiskLane lane) => lane switch
    {
        DiskLane.Log => _log,
        DiskLane.Background => _background,
        DiskLane.Reads => _reads.Value,
        _ => _snapshots.Value,
    };

    /// <inheritdoc/>
    public FileId Open(string path, FileOpening opening)
    {
        var mode = opening == FileOpening.Existing ? FileMode.Open : FileMode.Create;
        var handle = Guarded("open", path, full => OpenHandle(full, mode, ModeOf(path)));
        lock (_gate)
        {
            _files.Add(_nextFile, (handle, path));
            return new FileId(_nextFile++);
        }
    }

    /// <inheritdoc/>
    public void Close(FileId file)
    {
        SafeFileHandle handle;
        lock (_gate)
        {
            handle = _files[file.Value].Handle;
            _files.Remove(file.Value);
        }
        handle.Dispose();
    }

    /// <inheritdoc/>
    public long Length(FileId file)
    {
        var (handle, path) = Find(file);
        try
        {
            return RandomAccess.GetLength(handle);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate("measure", path, failure);
        }
    }

    /// <inheritdoc/>
    public int Read(FileId file, long offset, Span<byte> into)
    {
        var (handle, path) = Find(file);
        try
        {
            return RandomAccess.Read(handle, into, offset);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate("read", path, failure);
        }
    }

    /// <inheritdoc/>
    public void Write(FileId file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var (handle, path) = Find(file);
        try
        {
            // One part is the common case (small entries share a buffer) and allocates nothing.
            if (parts.Count == 1) RandomAccess.Write(handle, parts[0].Span, offset);
            else RandomAccess.Write(handle, parts, offset);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate("write", path, failure);
        }
    }

    /// <inheritdoc/>
    public void Write(FileId file, long offset, ReadOnlySpan<byte> bytes)
    {
        var (handle, path) = Find(file);
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate("write", path, failure);
        }
    }

    /// <inheritdoc/>
    public void Flush(FileId file)
    {
        var (handle, path) = Find(file);
        try
        {
            RandomAccess.FlushToDisk(handle);
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate("flush", path, failure);
        }
    }

    /// <inheritdoc/>
    public void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) return;               // no such operation there; NTFS journals names by itself
        Guarded("flush", path, full =>
        {
            DirectoryFlush.Flush(full);
            return 0;
        });
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Guarded("create folder", path, Directory.CreateDirectory);

    /// <inheritdoc/>
    public void Rename(string from, string to) => Guarded("rename", from, full =>
    {
        string target = Full(to);
        if (Directory.Exists(full)) Directory.Move(full, target);
        else File.Move(full, target, overwrite: true);
        return 0;
    });

    /// <inheritdoc/>
    public void Delete(string path) => Guarded("delete", path, full =>
    {
        if (Directory.Exists(full)) Directory.Delete(full, recursive: true);
        else File.Delete(full);
        return 0;
    });

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string path) => Guarded("list", path, full =>
    {
        if (!Directory.Exists(full)) return [];
        string[] names = Directory.GetFileSystemEntries(full);
        for (int i = 0; i < names.Length; i++) names[i] = Path.GetFileName(names[i]);
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    });

    /// <inheritdoc/>
    public void Lock(string path)
    {
        if (_lock is not null) return;                         // this process has it already
        try
        {
            // The operating system ties the lock to the open file: it cannot be left behind by a process that was killed.
            _lock = new FileStream(Full(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException failure) when (IsSharingViolation(failure))
        {
            throw new DiskException(DiskError.Locked, "lock", Full(path), $"another process uses the data folder {_root} ({failure.Message})");
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate("lock", path, failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _log.Dispose();
        _background.Dispose();
        // A job that still runs must not find its files closed under it.
        foreach (var worker in (Lazy<DiskWorker>[])[_reads, _snapshots])
            if (worker.IsValueCreated) worker.Value.Dispose();
        lock (_gate)
        {
            foreach (var (handle, _) in _files.Values) handle.Dispose();
            _files.Clear();
        }
        _lock?.Dispose();
    }

    // The log and the snapshots hold values and tokens: nobody else may read them. The note for the operator has the mode that the peers give it.
    private static UnixFileMode ModeOf(string path)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        return path == DiskLayout.PeersInfo + DiskLayout.TemporarySuffix ? Private | UnixFileMode.UserExecute | Others : Private;
    }

    private static SafeFileHandle OpenHandle(string path, FileMode mode, UnixFileMode permissions)
    {
        var handle = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (mode == FileMode.Create && !OperatingSystem.IsWindows()) File.SetUnixFileMode(handle, permissions);
        return handle;
    }

    private string Full(string path) => path.Length == 0 ? _root : Path.Combine(_root, path);

    private (SafeFileHandle Handle, string Path) Find(FileId file)
    {
        lock (_gate) return _files[file.Value];
    }

    private T Guarded<T>(string operation, string path, Func<string, T> action)
    {
        try
        {
            return action(Full(path));
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            throw Translate(operation, path, failure);
        }
    }

    private static bool IsSharingViolation(IOException failure)
    {
        const int Windows = unchecked((int)0x80070020), Linux = 11, Mac = 35;
        return failure.HResult is Windows or Linux or Mac;
    }

    private static bool IsExpected(Exception failure) => failure is IOException or UnauthorizedAccessException or Win32Exception;

    private DiskException Translate(string operation, string path, Exception failure)
    {
        const int NoSpaceUnix = 28, QuotaUnix = 122, FullWindows = unchecked((int)0x80070070);
        var error = failure switch
        {
            FileNotFoundException or DirectoryNotFoundException => DiskError.NotFound,
            UnauthorizedAccessException => DiskError.Forbidden,
            IOException { HResult: NoSpaceUnix or QuotaUnix or FullWindows } => DiskError.Full,
            _ => DiskError.Failed,
        };
        return new DiskException(error, operation, Full(path), failure.Message);
    }
}
