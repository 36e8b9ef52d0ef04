using System.Buffers;
using System.Globalization;

using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Writes the state's records (<c>state.bin</c>). Called once, by the disk's worker, on an immutable state.</summary>
public delegate void SnapshotWriter(IBufferWriter<byte> output);

/// <summary>
/// Snapshots in the data folder, each in a folder of its own in Consul's form (<c>raft/snapshots/term-index-ms/{meta.json,state.bin}</c>). The newest two are kept.
/// </summary>
public sealed class SnapshotStore
{
    /// <summary>Snapshots that stay.</summary>
    public const int Retained = 2;

    private const int MetaBytesMax = 1 << 20;

    private readonly List<SnapshotName> _names = [];           // newest first

    private SnapshotStore()
    {
    }

    /// <summary>Index of the newest snapshot; 0 without one.</summary>
    public LogIndex NewestIndex => _names.Count == 0 ? default : _names[0].Index;

    /// <summary>
    /// The log must be kept behind this entry, so that the older snapshot can stand in for a damaged newer one; 0 while there are fewer than <see cref="Retained"/>.
    /// </summary>
    public LogIndex LogNeededAfter => _names.Count < Retained ? default : _names[Retained - 1].Index;

    /// <summary>
    /// Set for good when it is not known whether a snapshot took its place: the process must end, as after <see cref="Wal.Failure"/>. Going on could put entries into the log
    /// that a restored snapshot, found after the next start, replaces.
    /// </summary>
    public DiskException? Failure { get; private set; }

    /// <summary>Lists what is there and removes what an interrupted save left. Blocks; for the time before the loop starts.</summary>
    public static SnapshotStore Open(IDisk disk)
    {
        disk.CreateDirectory(DiskLayout.Snapshots);
        var store = new SnapshotStore();
        foreach (string name in disk.List(DiskLayout.Snapshots))
        {
            if (name.EndsWith(DiskLayout.TemporarySuffix, StringComparison.Ordinal)) disk.Delete($"{DiskLayout.Snapshots}/{name}");
            else if (SnapshotName.TryParse(name, out var parsed)) store._names.Add(parsed);
        }
        store._names.Sort();
        if (store._names.Count > 0) disk.FlushDirectory(DiskLayout.Snapshots);         // a name may be seen before it is durable
        return store;
    }

    /// <summary>
    /// The newest snapshot that can be read, its content verified; null when there is none. Damaged newer ones are named in <paramref name="damaged"/>:
    /// whether the older one will do is decided by the log, which must reach back to it (<see cref="Wal.Recover"/>).
    /// </summary>
    public StoredSnapshot? OpenNewest(IDisk disk, out IReadOnlyList<string> damaged)
    {
        List<string> problems = [];
        damaged = problems;
        foreach (var name in _names)
        {
            if (TryOpen(disk, name, out var snapshot) is not { } problem) return snapshot;
            problems.Add($"{name.Folder}: {problem}");
        }
        return null;
    }

    /// <summary>Starts to check the snapshots that are on the disk now. One pass at a time.</summary>
    public SnapshotScrub StartScrub() => new([.. _names]);

    /// <summary>A name for a snapshot made now that counts as newer than every one with the same end, whatever the clock says.</summary>
    public string NewId(SnapshotPoint end, WallTime wall)
    {
        long milliseconds = wall.UnixNanoseconds / 1_000_000;
        ulong later = milliseconds > 0 ? (ulong)milliseconds : 0;
        foreach (var name in _names)
            if (name.Index == end.Index && name.Term == end.Term && name.Milliseconds >= later) later = name.Milliseconds + 1;
        return $"{end.Term}-{end.Index}-{later}";
    }

    /// <summary>
    /// A job that saves a snapshot durably: temporary name, flush, rename, flush of the folder, then removal of older ones. The log may be cut when it has completed without error.
    /// One at a time.
    /// </summary>
    /// <param name="meta">What it holds; size and checksum are filled in.</param>
    /// <param name="write">Writes the state.</param>
    /// <param name="done">Called by the job's <see cref="DiskJob.Complete"/>, on the loop; the second argument is the error or null.</param>
    public DiskJob Save(SnapshotMeta meta, SnapshotWriter write, Action<SnapshotMeta, DiskException?> done)
    {
        return new SaveJob(Begin(meta), write, done);
    }

    /// <summary>A job that opens the newest readable snapshot, its content verified, to be sent elsewhere; <paramref name="done"/> gets it on the loop, or null when there is none.</summary>
    public DiskJob OpenToSend(Action<StoredSnapshot?> done) => new OpenJob([.. _names], done);

    private sealed class OpenJob(List<SnapshotName> names, Action<StoredSnapshot?> done) : DiskJob(DiskLane.Snapshots)
    {
        private StoredSnapshot? _found;

        protected override void Execute(IDisk disk)
        {
            foreach (var name in names)
                if (TryOpen(disk, name, out _found) is null) return;
        }

        public override void Complete() => done(_found);
    }

    private static string? TryOpen(IDisk disk, SnapshotName name, out StoredSnapshot? snapshot)
    {
        snapshot = null;
        try
        {
            var meta = SnapshotMetaJson.ReadVerified(ReadMeta(disk, name));
            if (!name.Describes(meta)) return "meta.json describes another snapshot";
            var file = disk.Open(name.State, FileOpening.Existing);
            if (Verify(disk, file, meta) is { } problem)
            {
                disk.Close(file);
                return problem;
            }
            snapshot = new StoredSnapshot(disk, file, meta);
            return null;
        }
        catch (FormatException malformed)
        {
            return malformed.Message;
        }
        catch (DiskException failure)
        {
            return failure.Message;
        }
    }

    internal static byte[] ReadMeta(IDisk disk, SnapshotName name)
    {
        var file = disk.Open(name.Meta, FileOpening.Existing);
        try
        {
            long length = disk.Length(file);
            if (length > MetaBytesMax) throw new FormatException($"meta.json has {length} bytes");
            var bytes = new byte[length];
            for (int at = 0; at < bytes.Length;)
            {
                int read = disk.Read(file, at, bytes.AsSpan(at));
                if (read == 0) throw new FormatException("meta.json became shorter");
                at += read;
            }
            return bytes;
        }
        finally
        {
            disk.Close(file);
        }
    }

    private static string? Verify(IDisk disk, FileId file, SnapshotMeta meta)
    {
        long length = disk.Length(file);
        if (length != meta.Size) return $"state.bin has {length} bytes, meta.json says {meta.Size}";
        byte[] buffer = GC.AllocateUninitializedArray<byte>(256 << 10);
        ulong crc = 0;
        for (long at = 0; at < length;)
        {
            int read = disk.Read(file, at, buffer);
            if (read == 0) return "state.bin became shorter";
            crc = Crc64.Append(crc, buffer.AsSpan(0, read));
            at += read;
        }
        return crc == meta.Crc ? null : $"the checksum of state.bin is {crc:x16}, meta.json says {meta.Crc:x16}";
    }

    private void OnSaved(SnapshotName name)
    {
        _names.Remove(name);
        _names.Insert(0, name);
        _names.Sort();
    }

    /// <summary>Begins a snapshot whose content comes in pieces. One at a time, ordinary saves included.</summary>
    /// <param name="meta">What it will hold; size and checksum are filled in.</param>
    public SnapshotDraft Begin(SnapshotMeta meta)
    {
        if (!SnapshotName.TryParse(meta.Id, out var name)) throw new ArgumentException("The snapshot's id is not term-index-milliseconds.");
        return new SnapshotDraft(this, name, meta);
    }

    /// <summary>A job that removes a snapshot which was placed but did not come into force; <paramref name="done"/> gets the error or null, on the loop.</summary>
    public DiskJob Withdraw(SnapshotMeta meta, Action<DiskException?> done)
    {
        if (!SnapshotName.TryParse(meta.Id, out var name)) throw new ArgumentException("The snapshot's id is not term-index-milliseconds.");
        return new WithdrawJob(this, name, done);
    }

    /// <summary>A job that removes all snapshots, the newest last, when the log has been reset to its beginning: what they hold counts for nothing any more. <paramref name="done"/> gets the error or null, on the loop.</summary>
    public DiskJob RemoveAll(Action<DiskException?> done) => new RemoveAllJob(this, done);

    private sealed class RemoveAllJob(SnapshotStore store, Action<DiskException?> done) : DiskJob(DiskLane.Snapshots)
    {
        private readonly List<SnapshotName> _names = [.. store._names];

        public override void Complete()
        {
            if (Error is null) store._names.Clear();
            done(Error);
        }

        // An older one alone would be taken for the newest by a start in the middle.
        protected override void Execute(IDisk disk)
        {
            for (int i = _names.Count - 1; i >= 0; i--) SnapshotDraft.Remove(disk, _names[i]);
        }
    }

    private sealed class WithdrawJob(SnapshotStore store, SnapshotName name, Action<DiskException?> done) : DiskJob(DiskLane.Snapshots)
    {
        public override void Complete()
        {
            if (Error is null) store._names.Remove(name);
            done(Error);
        }

        protected override void Execute(IDisk disk) => SnapshotDraft.Remove(disk, name);
    }

    // What this server makes or takes is always the newest that counts. One that would sort before it holds what was given up: entries of a later term that a leader never confirmed, which a
    // recovery by a list of peers had put into a snapshot.
    internal List<SnapshotName> ContradictedBy(SnapshotName added) => _names.FindAll(name => name.CompareTo(added) < 0);

    internal List<SnapshotName> ObsoleteWith(SnapshotName added)
    {
        var older = _names.FindAll(name => name.CompareTo(added) > 0);
        older.RemoveRange(0, Math.Min(Retained - 1, older.Count));
        return older;
    }

    internal void OnPlaced(SnapshotName name, List<SnapshotName> removed)
    {
        OnSaved(name);                                         // an old one that could not be removed is removed by the next save
        foreach (var old in removed) _names.Remove(old);
    }

    internal void OnPlaceUnknown(DiskException? error) => Failure = error;

    private sealed class SaveJob(SnapshotDraft draft, SnapshotWriter write, Action<SnapshotMeta, DiskException?> done) : DiskJob(DiskLane.Snapshots)
    {
        protected override void Execute(IDisk disk)
        {
            draft.Open(disk);
            write(draft.Sink);
            draft.Place(disk);
        }

        public override void Complete() => done(draft.Meta, draft.Settle(Error) ? null : Error);
    }
}

/// <summary>The parts of a snapshot's name; the newest sorts first.</summary>
internal readonly record struct SnapshotName(string Id, Term Term, LogIndex Index, ulong Milliseconds) : IComparable<SnapshotName>
{
    public const string MetaFile = "meta.json", StateFile = "state.bin";

    public string Folder => $"{DiskLayout.Snapshots}/{Id}";

    public string Meta => $"{Folder}/{MetaFile}";

    public string State => $"{Folder}/{StateFile}";

    public static bool TryParse(string text, out SnapshotName name)
    {
        name = default;
        string[] parts = text.Split('-');
        if (parts.Length != 3 || !TryNumber(parts[0], out ulong term) || !TryNumber(parts[1], out ulong index) || !TryNumber(parts[2], out ulong milliseconds)) return false;
        name = new SnapshotName(text, new Term(term), new LogIndex(index), milliseconds);
        return true;
    }

    public bool Describes(SnapshotMeta meta) => meta.Id == Id && meta.Index == Index && meta.Term == Term;

    public int CompareTo(SnapshotName other)
    {
        int order = other.Term.CompareTo(Term);
        if (order == 0) order = other.Index.CompareTo(Index);
        return order != 0 ? order : other.Milliseconds.CompareTo(Milliseconds);
    }

    private static bool TryNumber(string text, out ulong number) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
