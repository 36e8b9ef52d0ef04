using System.Threading.Channels;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Work on a file that failed.</summary>
internal sealed record GossipFileFailure(GossipFileWork Work, string Error);

/// <summary>
/// The snapshot and the keyring of a pool. Work is carried out in order, beside the loop. Replacing a file writes one beside it and renames it, so that there is
/// always the old one or the new one.
/// </summary>
internal sealed class GossipFiles : IDisposable
{
    // Far above what a pool writes in a second: reached only when the disk stands still, and then the snapshot is written anew later.
    private const int WaitingMax = 1024;

    private readonly string? _snapshotPath, _keyringPath;
    private readonly GossipInbox _inbox;
    private readonly Channel<GossipFile> _work = Channel.CreateBounded<GossipFile>(new BoundedChannelOptions(WaitingMax) { SingleReader = true, SingleWriter = true });
    private FileStream? _snapshot;

    /// <param name="snapshotPath">The snapshot file; null for none.</param>
    /// <param name="keyringPath">The keyring file; null to keep the keys in memory only.</param>
    /// <param name="inbox">Where failures go.</param>
    public GossipFiles(string? snapshotPath, string? keyringPath, GossipInbox inbox) => (_snapshotPath, _keyringPath, _inbox) = (snapshotPath, keyringPath, inbox);

    /// <summary>Hands work over, without waiting.</summary>
    public void Submit(in GossipFile file)
    {
        if (!_work.Writer.TryWrite(file)) Fail(file.Work, "too much work on files is waiting");
    }

    /// <summary>Works until <see cref="Complete"/> was called and everything is done. Never fails.</summary>
    public async Task RunAsync()
    {
        await foreach (var file in _work.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Carry(file);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                CloseSnapshot();                                       // where the file stands is not known any more
                Fail(file.Work, failure.Message);
            }
        }
        CloseSnapshot();
    }

    /// <summary>No more work comes.</summary>
    public void Complete() => _work.Writer.TryComplete();

    /// <inheritdoc/>
    public void Dispose() => CloseSnapshot();

    /// <summary>Writes a file that only its owner can read, beside the old one, and puts it into its place.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content, string suffix)
    {
        string beside = path + suffix;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.Delete(beside);                                           // left over from a crash, perhaps with another mode
        using (var file = new FileStream(beside, Options(FileMode.CreateNew)))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(beside, path, overwrite: true);
        if (!OperatingSystem.IsWindows()) DirectoryFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private void Carry(in GossipFile file)
    {
        switch (file.Work)
        {
            case GossipFileWork.AppendSnapshot:
                Append(file.Bytes.Span, flush: false);
                break;
            case GossipFileWork.AppendSnapshotAndFlush:
                Append(file.Bytes.Span, flush: true);
                break;
            case GossipFileWork.ReplaceSnapshot when _snapshotPath is not null:
                CloseSnapshot();
                Replace(_snapshotPath, file.Bytes.Span, ".compact");
                break;
            case GossipFileWork.ReplaceKeyring when _keyringPath is not null:
                Replace(_keyringPath, file.Bytes.Span, ".tmp");
                break;
        }
    }

    private void Append(ReadOnlySpan<byte> lines, bool flush)
    {
        if (_snapshotPath is null) return;
        if (_snapshot is null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_snapshotPath))!);
            _snapshot = new FileStream(_snapshotPath, Options(FileMode.Append));
        }
        _snapshot.Write(lines);
        if (flush) _snapshot.Flush(flushToDisk: true);
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private void CloseSnapshot()
    {
        _snapshot?.Dispose();
        _snapshot = null;
    }

    private void Fail(GossipFileWork work, string error) => _inbox.Post(GossipInputKind.FileFailed, new GossipFileFailure(work, error));
}
