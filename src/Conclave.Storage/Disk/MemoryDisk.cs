using Conclave.Core;

namespace Conclave.Storage;

/// <summary>What goes wrong with one operation of a <see cref="MemoryDisk"/>.</summary>
public enum DiskFault
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>It fails and has no effect.</summary>
    Fail,
    /// <summary>It fails after a part of its effect: a write has written some of its sectors.</summary>
    Tear,
    /// <summary>It fails because the disk is full.</summary>
    Full,
    /// <summary>A write reports success but one byte is not what was given.</summary>
    Corrupt,
    /// <summary>The power fails before it: everything fails until <see cref="MemoryDisk.Restart"/>.</summary>
    PowerCut,
}

/// <summary>
/// A disk in memory that can fail like a real one: what was not flushed is lost, kept or torn when the power is cut. Deterministic for its <see cref="Prng"/>. Not thread-safe.
/// </summary>
public sealed class MemoryDisk(Prng random) : IDisk
{
    /// <summary>Written whole or not at all.</summary>
    public const int SectorBytes = 512;

    private readonly record struct Change(string Path, MemoryFile? File);

    private readonly SortedDictionary<string, MemoryFile> _names = new(StringComparer.Ordinal);          // as a process sees them
    private readonly SortedDictionary<string, MemoryFile> _durableNames = new(StringComparer.Ordinal);
    private readonly List<Change> _unflushedNames = [];        // in order, as a journalling file system keeps them
    private readonly SortedDictionary<int, (string Path, MemoryFile File)> _open = [];
    private readonly List<MemoryFile> _damaged = [];
    private int _nextFile = 1;
    private bool _powerless, _locked;

    /// <summary>Asked before each operation that changes something or flushes, with its number (from 0), its name and the path.</summary>
    public Func<long, string, string, DiskFault>? Faults { get; set; }

    /// <summary>Operations so far.</summary>
    public long Operations { get; private set; }

    /// <summary>The process ended: open files and the lock are gone, what was written stays.</summary>
    public void KillProcess()
    {
        _open.Clear();
        _locked = false;
    }

    /// <summary>The power failed and is back: of what was not flushed, any part is lost.</summary>
    public void Restart()
    {
        KillProcess();
        _powerless = false;
        int kept = (int)random.Next(_unflushedNames.Count + 1);
        for (int i = 0; i < kept; i++) Apply(_durableNames, _unflushedNames[i]);
        _unflushedNames.Clear();
        _names.Clear();
        foreach (var (path, file) in _durableNames)
        {
            file.LosePower(random);
            _names.Add(path, file);
        }
    }

    /// <summary>Flips bits of a stored byte, as a decaying medium does.</summary>
    public void Damage(string path, long offset, byte mask)
    {
        _names[path].Damage(offset, mask);
        _damaged.Add(_names[path]);
    }

    /// <summary>A file with flipped bits is still there, or may be there again when the power fails.</summary>
    public bool IsDamaged
    {
        get
        {
            foreach (var file in _damaged)
                if (_names.ContainsValue(file) || _durableNames.ContainsValue(file) || _unflushedNames.Exists(change => change.File == file)) return true;
            return false;
        }
    }

    /// <summary>Paths of all files.</summary>
    public IReadOnlyCollection<string> Files => _names.Keys;

    /// <summary>Content of a file as a process would read it.</summary>
    public byte[] Content(string path) => _names[path].Content();

    /// <inheritdoc/>
    public FileId Open(string path, FileOpening opening)
    {
        if (opening == FileOpening.Existing && !_names.ContainsKey(path)) throw new DiskException(DiskError.NotFound, "open", path, "no such file");
        if (opening == FileOpening.Replace)
        {
            Gate("create", path);
            Rename(new Change(path, new MemoryFile()));
        }
        else if (_powerless) throw PowerIsOff("open", path);
        _open.Add(_nextFile, (path, _names[path]));
        return new FileId(_nextFile++);
    }

    /// <inheritdoc/>
    public void Close(FileId file) => _open.Remove(file.Value);

    /// <inheritdoc/>
    public long Length(FileId file) => _open[file.Value].File.Length;

    /// <inheritdoc/>
    public int Read(FileId file, long offset, Span<byte> into)
    {
        if (_powerless) throw PowerIsOff("read", _open[file.Value].Path);
        return _open[file.Value].File.Read(offset, into);
    }

    /// <inheritdoc/>
    public void Write(FileId file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        int bytes = 0;
        foreach (var part in parts) bytes += part.Length;
        var all = new byte[bytes];
        int at = 0;
        foreach (var part in parts)
        {
            part.Span.CopyTo(all.AsSpan(at));
            at += part.Length;
        }
        WriteOwned(file, offset, all);
    }

    /// <inheritdoc/>
    public void Write(FileId file, long offset, ReadOnlySpan<byte> bytes) => WriteOwned(file, offset, bytes.ToArray());

    private void WriteOwned(FileId file, long offset, byte[] bytes)
    {
        if (!_open.TryGetValue(file.Value, out var open)) throw new DiskException(DiskError.Failed, "write", "", "the file is not open");
        switch (Ask("write", open.Path))
        {
            case DiskFault.Tear:
                open.File.WriteTorn(offset, bytes, random);
                throw new DiskException(DiskError.Failed, "write", open.Path, "input/output error");
            case DiskFault.Corrupt when bytes.Length > 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 + random.Next(255));
                break;
        }
        open.File.Write(offset, bytes);
    }

    /// <inheritdoc/>
    public void Flush(FileId file)
    {
        var open = _open[file.Value];
        Gate("flush", open.Path);
        open.File.Flush();
    }

    /// <inheritdoc/>
    public void FlushDirectory(string path)
    {
        Gate("flush-folder", path);
        foreach (var change in _unflushedNames) Apply(_durableNames, change);
        _unflushedNames.Clear();
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Gate("create-folder", path);

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        Gate("rename", from);
        if (_names.TryGetValue(from, out var file))
        {
            Rename(new Change(to, file));
            Rename(new Change(from, null));
            return;
        }
        var below = Below(from);
        if (below.Count == 0) throw new DiskException(DiskError.NotFound, "rename", from, "no such file or folder");
        foreach (string path in below)
        {
            Rename(new Change(to + path[from.Length..], _names[path]));
            Rename(new Change(path, null));
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        Gate("delete", path);
        if (_names.ContainsKey(path)) Rename(new Change(path, null));
        foreach (string below in Below(path)) Rename(new Change(below, null));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string path)
    {
        if (_powerless) throw PowerIsOff("list", path);
        var names = new SortedSet<string>(StringComparer.Ordinal);
        int start = path.Length == 0 ? 0 : path.Length + 1;
        foreach (string file in path.Length == 0 ? [.. _names.Keys] : Below(path))
        {
            int slash = file.IndexOf('/', start);
            names.Add(slash < 0 ? file[start..] : file[start..slash]);
        }
        return [.. names];
    }

    /// <inheritdoc/>
    public void Lock(string path)
    {
        if (_locked) throw new DiskException(DiskError.Locked, "lock", path, "another process uses this data folder");
        _locked = true;
    }

    private List<string> Below(string folder)
    {
        List<string> below = [];
        foreach (string path in _names.Keys)
            if (path.Length > folder.Length && path[folder.Length] == '/' && path.StartsWith(folder, StringComparison.Ordinal)) below.Add(path);
        return below;
    }

    private void Rename(in Change change)
    {
        Apply(_names, change);
        _unflushedNames.Add(change);
    }

    private static void Apply(SortedDictionary<string, MemoryFile> names, in Change change)
    {
        if (change.File is { } file) names[change.Path] = file;
        else names.Remove(change.Path);
    }

    // For operations without a torn or corrupt form: these two become a plain failure and nothing.
    private void Gate(string operation, string path)
    {
        if (Ask(operation, path) == DiskFault.Tear) throw new DiskException(DiskError.Failed, operation, path, "input/output error");
    }

    private DiskFault Ask(string operation, string path)
    {
        if (_powerless) throw PowerIsOff(operation, path);
        var fault = Faults?.Invoke(Operations, operation, path) ?? DiskFault.None;
        Operations++;
        switch (fault)
        {
            case DiskFault.Fail: throw new DiskException(DiskError.Failed, operation, path, "input/output error");
            case DiskFault.Full: throw new DiskException(DiskError.Full, operation, path, "no space left on device");
            case DiskFault.PowerCut:
                _powerless = true;
                throw PowerIsOff(operation, path);
        }
        return fault;
    }

    private static DiskException PowerIsOff(string operation, string path) => new(DiskError.Failed, operation, path, "the power is off");
}
