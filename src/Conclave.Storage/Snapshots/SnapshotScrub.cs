using Conclave.Core;

namespace Conclave.Storage;

/// <summary>
/// One pass over the snapshots that were on the disk when it began, a stretch at a time, like <see cref="WalScrub"/>: a damaged snapshot is found while the state that it was made of is still there.
/// </summary>
public sealed class SnapshotScrub
{
    private readonly Queue<SnapshotName> _left;
    private SnapshotMeta? _meta;
    private long _offset;
    private ulong _crc;
    private bool _isRunning;

    internal SnapshotScrub(IReadOnlyList<SnapshotName> names) => _left = new Queue<SnapshotName>(names);

    /// <summary>Bytes checked so far.</summary>
    public long Checked { get; private set; }

    /// <summary>What is damaged, for the operator, or null. The pass ends with the first damage.</summary>
    public string? Damage { get; private set; }

    /// <summary>Whether everything was looked at.</summary>
    public bool IsOver => Damage is not null || _left.Count == 0;

    /// <summary>The next stretch, or null when the pass is over or a stretch is being read. After the job's <see cref="DiskJob.Complete"/> the properties tell what was found.</summary>
    /// <param name="bytes">How many bytes to read at most.</param>
    public DiskJob? Next(int bytes)
    {
        if (IsOver || _isRunning) return null;
        _isRunning = true;
        return new StretchJob(this, _left.Peek(), _meta, _offset, _crc, bytes);
    }

    private void OnRead(StretchJob job)
    {
        _isRunning = false;
        Checked += job.Read;
        bool isGone = job.Error is { Error: DiskError.NotFound };      // replaced by a newer one meanwhile
        if (!isGone && (job.Problem ?? job.Error?.Message) is { } problem) Damage = $"{job.Name.Folder}: {problem}";
        else if (isGone || job.IsDone)
        {
            _left.Dequeue();
            (_meta, _offset, _crc) = (null, 0, 0);
        }
        else (_meta, _offset, _crc) = (job.Meta, job.Offset, job.Crc);
    }

    private sealed class StretchJob(SnapshotScrub scrub, SnapshotName name, SnapshotMeta? meta, long offset, ulong crc, int bytes) : DiskJob(DiskLane.Background)
    {
        public SnapshotName Name => name;

        public SnapshotMeta? Meta { get; private set; } = meta;

        public long Offset { get; private set; } = offset;

        public ulong Crc { get; private set; } = crc;

        public int Read { get; private set; }

        public string? Problem { get; private set; }

        public bool IsDone { get; private set; }

        public override void Complete() => scrub.OnRead(this);

        protected override void Execute(IDisk disk)
        {
            try
            {
                Meta ??= SnapshotMetaJson.ReadVerified(SnapshotStore.ReadMeta(disk, name));
            }
            catch (FormatException malformed)
            {
                Problem = malformed.Message;
                return;
            }
            if (!name.Describes(Meta))
            {
                Problem = "meta.json describes another snapshot";
                return;
            }
            var file = disk.Open(name.State, FileOpening.Existing);
            try
            {
                Check(disk, file, Meta);
            }
            finally
            {
                disk.Close(file);
            }
        }

        private void Check(IDisk disk, FileId file, SnapshotMeta meta)
        {
            var buffer = new byte[bytes];
            Read = disk.Read(file, Offset, buffer);
            Crc = Crc64.Append(Crc, buffer.AsSpan(0, Read));
            Offset += Read;
            IsDone = Read == 0;
            if (Offset > meta.Size || (IsDone && Offset != meta.Size)) Problem = $"state.bin has another length than the {meta.Size} bytes that meta.json says";
            else if (IsDone && Crc != meta.Crc) Problem = $"the checksum of state.bin is {Crc:x16}, meta.json says {meta.Crc:x16}";
        }
    }
}
