using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Fuzz.Targets;

/// <summary>A snapshot archive: refused, or its content can be written and read again.</summary>
internal static class SnapshotTarget
{
    private const int UnpackedBytesMax = 8 << 20;

    public static void Run(ReadOnlySpan<byte> data)
    {
        ArchiveContent content;
        try
        {
            content = SnapshotArchive.Read(data, UnpackedBytesMax);
        }
        catch (SnapshotRefusedException)
        {
            return;
        }
        using var archive = new PooledBuffer();
        SnapshotArchive.Write(archive, content.Meta, new(content.State), new WallTime(0));
        var again = SnapshotArchive.Read(archive.WrittenSpan, UnpackedBytesMax * 2);
        Promise.Holds(again.State.Span.SequenceEqual(content.State.Span), "the state survives");
        Promise.Holds(again.Meta.Id == content.Meta.Id && again.Meta.Index == content.Meta.Index && again.Meta.Servers.SequenceEqual(content.Meta.Servers), "the description survives");
        SnapshotArchive.CheckForRestore(again with { Meta = again.Meta with { Version = ArchiveMeta.SupportedVersion } });
    }
}
