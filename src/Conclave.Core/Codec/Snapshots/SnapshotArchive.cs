using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Conclave.Core.Compression;

namespace Conclave.Core.Codec;

/// <summary>
/// The archive form of snapshots that is saved and restored over HTTP: a gzipped tar of <c>meta.json</c>, <c>state.bin</c> and their <c>SHA256SUMS</c>.
/// Between memory and memory; the state's records are not looked at.
/// </summary>
public static class SnapshotArchive
{
    private const string MetaName = "meta.json", StateName = "state.bin", SumsName = "SHA256SUMS";
    private const int SmallFileBytes = 4096;

    /// <summary>Writes an archive. <see cref="ArchiveMeta.Size"/> is filled in; <paramref name="savedAt"/> becomes the files' time.</summary>
    public static void Write(IBufferWriter<byte> output, ArchiveMeta meta, in ReadOnlySequence<byte> state, WallTime savedAt)
    {
        long unixSeconds = savedAt.ToDateTimeOffset().ToUnixTimeSeconds();
        using var head = new PooledBuffer(SmallFileBytes);
        using var tail = new PooledBuffer(SmallFileBytes);
        using var json = new PooledBuffer(SmallFileBytes);
        ArchiveMetaJson.Write(json, meta with { Size = state.Length });
        WriteSmallFile(head, MetaName, json.WrittenSpan, unixSeconds);
        TarFormat.WriteHeader(head, StateName, state.Length, unixSeconds);

        TarFormat.WritePadding(tail, state.Length);
        byte[] sums = Encoding.ASCII.GetBytes($"{SumLine(MetaName, SHA256.HashData(json.WrittenSpan))}{SumLine(StateName, HashOf(state))}");
        WriteSmallFile(tail, SumsName, sums, unixSeconds);
        TarFormat.WriteEnd(tail);

        Gzip.Compress(output, Joined(head.WrittenMemory, state, tail.WrittenMemory));
    }

    /// <summary>Reads an archive and verifies compression, form and checksums. The content refers to memory of its own.</summary>
    /// <param name="archive">The archive's bytes.</param>
    /// <param name="unpackedBytesMax">Bound of the unpacked size.</param>
    /// <exception cref="SnapshotRefusedException">The archive is damaged or not one.</exception>
    public static ArchiveContent Read(ReadOnlySpan<byte> archive, int unpackedBytesMax)
    {
        if (Gzip.CheckHeader(archive) is { } notGzip) throw new SnapshotRefusedException("failed to decompress snapshot: " + notGzip);
        var tar = Gzip.Decompress(archive, unpackedBytesMax, out string? damage);
        ArchiveContent content;
        try
        {
            content = ReadFiles(ref tar, damage);
        }
        catch (RefusedFileException e)
        {
            throw new SnapshotRefusedException("failed to read snapshot file: " + e.Message);
        }
        // What stands behind the files matters too: peers refuse anything there.
        if (damage is not null) throw new SnapshotRefusedException(damage);
        if (!tar.IsEmpty) throw new SnapshotRefusedException(string.Create(CultureInfo.InvariantCulture, $"{tar.Length} unread uncompressed bytes remain"));
        return content;
    }

    /// <summary>The checks that belong to restoring only; looking into an archive works without them.</summary>
    /// <exception cref="SnapshotRefusedException">The archive cannot be restored.</exception>
    public static void CheckForRestore(ArchiveContent content)
    {
        var meta = content.Meta;
        if (meta.Version != ArchiveMeta.SupportedVersion)
        {
            string where = meta.Version == 0 ? "failed to create snapshot: " : "";
            throw new SnapshotRefusedException(string.Create(CultureInfo.InvariantCulture, $"Raft error when restoring snapshot: {where}unsupported snapshot version {meta.Version}"));
        }
        if (meta.Size != content.State.Length)
            throw new SnapshotRefusedException(string.Create(
                CultureInfo.InvariantCulture, $"Raft error when restoring snapshot: failed to write snapshot, size didn't match ({content.State.Length} != {meta.Size})"));
    }

    private static ArchiveContent ReadFiles(ref ReadOnlyMemory<byte> tar, string? damage)
    {
        // A file that is not there counts as empty: its checksum tells.
        ReadOnlyMemory<byte> meta = default, state = default, sums = default;
        try
        {
            while (TarFormat.TryReadFile(ref tar, out string name, out var content))
            {
                switch (name)
                {
                    case MetaName: meta = content; break;
                    case StateName: state = content; break;
                    case SumsName: sums = content; break;
                    default: throw new RefusedFileException($"unexpected file \"{name}\" in snapshot");
                }
            }
        }
        catch (TarException e)
        {
            // A stream that broke off is told as what broke it.
            string reason = e.IsCut && damage is not null ? damage : e.Message;
            throw new RefusedFileException((e.InsideContent ? "failed to read or write snapshot data: " : "failed reading snapshot: ") + reason);
        }
        CheckSums(sums.Span, meta.Span, state.Span);
        try
        {
            return new(ArchiveMetaJson.Read(meta), state);
        }
        catch (JsonException e)
        {
            throw new RefusedFileException("failed to decode snapshot metadata: " + e.Message);
        }
    }

    private static void CheckSums(ReadOnlySpan<byte> sums, ReadOnlySpan<byte> meta, ReadOnlySpan<byte> state)
    {
        bool metaListed = false, stateListed = false;
        foreach (var range in sums.Split((byte)'\n'))
        {
            var line = sums[range];
            if (line.IsEmpty) continue;
            if (!TryParseSum(line, out var sum, out string name)) throw new RefusedFileException("failed checking integrity of snapshot: unexpected newline");
            if (name is not (MetaName or StateName)) throw BadSum($"list missing hash for \"{name}\"");
            bool isMeta = name == MetaName;
            if (!sum.AsSpan().SequenceEqual(SHA256.HashData(isMeta ? meta : state))) throw BadSum($"hash check failed for \"{name}\"");
            metaListed |= isMeta;
            stateListed |= !isMeta;
        }
        if (!metaListed) throw BadSum($"file missing for \"{MetaName}\"");
        if (!stateListed) throw BadSum($"file missing for \"{StateName}\"");
    }

    // A line is 64 hexadecimal digits, blanks, and a name.
    private static bool TryParseSum(ReadOnlySpan<byte> line, out byte[] sum, out string name)
    {
        sum = new byte[SHA256.HashSizeInBytes];
        name = "";
        int digits = SHA256.HashSizeInBytes * 2;
        if (line.Length <= digits || line[digits] != (byte)' ') return false;
        if (Convert.FromHexString(Encoding.ASCII.GetString(line[..digits]), sum, out _, out _) != OperationStatus.Done) return false;
        name = Encoding.UTF8.GetString(line[digits..].Trim(" \r"u8));
        return name.Length > 0;
    }

    private static RefusedFileException BadSum(string what) => new("failed checking integrity of snapshot: " + what);

    private static void WriteSmallFile(PooledBuffer output, string name, ReadOnlySpan<byte> content, long unixSeconds)
    {
        TarFormat.WriteHeader(output, name, content.Length, unixSeconds);
        output.Write(content);
        TarFormat.WritePadding(output, content.Length);
    }

    private static string SumLine(string name, byte[] sum) => $"{Convert.ToHexStringLower(sum)}  {name}\n";

    private static byte[] HashOf(in ReadOnlySequence<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in content) hash.AppendData(piece.Span);
        return hash.GetHashAndReset();
    }

    private static ReadOnlySequence<byte> Joined(ReadOnlyMemory<byte> head, in ReadOnlySequence<byte> middle, ReadOnlyMemory<byte> tail)
    {
        var first = new Segment(head, null);
        var last = first;
        foreach (var piece in middle) last = new Segment(piece, last);
        last = new Segment(tail, last);
        return new(first, 0, last, tail.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null) return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }

    /// <summary>Something is wrong with the files inside; gets its introduction above.</summary>
    private sealed class RefusedFileException(string message) : Exception(message);
}
