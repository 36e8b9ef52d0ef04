using System.Buffers;
using System.Globalization;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Http.Endpoints;

/// <summary>The state of a cluster as an archive.</summary>
public static class StateArchive
{
    /// <summary>Longest archive that is taken, in bytes; it and what it unpacks to are held in memory while it is read.</summary>
    public const int BytesMax = 512 << 20;

    private const int UnpackedBytesMax = 1 << 30;

    private const int PieceBytes = 256 << 10;

    /// <summary>Reads an archive: the state and the index that it names, or the reason why it is refused. Everything is checked to the end before anybody hears of it.</summary>
    public static (StateRoot? Root, ulong Index, string Refusal) Unpack(ReadOnlyMemory<byte> archive)
    {
        try
        {
            var content = SnapshotArchive.Read(archive.Span, UnpackedBytesMax);
            SnapshotArchive.CheckForRestore(content);
            using var reader = new SnapshotReader();
            for (int at = 0; at < content.State.Length; at += PieceBytes) reader.Read(content.State.Span.Slice(at, Math.Min(PieceBytes, content.State.Length - at)));
            return (reader.Complete(), content.Meta.Index, "");
        }
        catch (SnapshotRefusedException refused)
        {
            return (null, 0, refused.Message);
        }
        catch (SnapshotException refused)
        {
            return (null, 0, $"Raft error when restoring snapshot: failed to restore snapshot: {refused.Message}");
        }
    }

    /// <summary>Makes an archive of a state. Takes long: not on a thread that serves sockets.</summary>
    /// <param name="root">The state.</param>
    /// <param name="index">Index that the archive names.</param>
    /// <param name="status">Term and servers that it names.</param>
    public static ArrayBufferWriter<byte> Pack(StateRoot root, ulong index, ClusterStatus status)
    {
        var state = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(root);
        while (writer.Write(state))
        {
            // Table by table, until the stream is complete.
        }
        var archive = new ArrayBufferWriter<byte>();
        var now = DateTimeOffset.UtcNow;
        SnapshotArchive.Write(archive, Describe(index, status, now), new ReadOnlySequence<byte>(state.WrittenMemory), WallTime.From(now));
        return archive;
    }

    private static ArchiveMeta Describe(ulong index, ClusterStatus status, DateTimeOffset now) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{status.Term}-{index}-{now.ToUnixTimeMilliseconds()}"),
        Index = index,
        Term = status.Term,
        Servers = [.. status.Servers.Select(static server => new ArchiveServer(server.IsVoter ? 0 : 1, server.Id, server.Address))],
        ConfigurationIndex = status.ConfigurationIndex,
    };
}
