using System.Buffers.Binary;

using Conclave.Core;

namespace Conclave.Storage;

/// <summary>What a record of the log says. 0 is never written: it is what unused space looks like.</summary>
internal enum WalKind : byte
{
    None = 0,
    /// <summary>A log entry.</summary>
    Entry = 1,
    /// <summary>Term and vote.</summary>
    Term = 2,
    /// <summary>Entries from the index on are taken back.</summary>
    Truncate = 3,
    /// <summary>All entries are dropped; the log goes on behind a snapshot.</summary>
    Reset = 4,
    /// <summary>First record of a segment: last index and term, current term and vote at that point, so that earlier segments can be deleted.</summary>
    Base = 5,
    /// <summary>Last record of a segment: the log goes on in the next one.</summary>
    Roll = 6,
    /// <summary>Stands behind the last batch, until the next batch is written over it: everything before it has been flushed.</summary>
    Seal = 7,
}

/// <summary>The fixed part of a record.</summary>
internal readonly record struct WalHeader(WalKind Kind, EntryType EntryType, bool BatchStart, byte ExtensionBytes, int PayloadBytes, uint PayloadCrc, Term Term, LogIndex Index)
{
    /// <summary>Bytes of the whole record, padding included.</summary>
    public long RecordBytes => WalFormat.RecordBytes(PayloadBytes);
}

/// <summary>
/// Bytes of segments and records (docs/wire/wal.md). All numbers little-endian. A header's checksum covers the segment's salt and number and the record's own offset,
/// so that bytes left over from another place never verify.
/// </summary>
internal static class WalFormat
{
    public const int SegmentHeaderBytes = 64;
    public const int RecordHeaderBytes = 32;
    public const int ExtensionBytesMax = 255;
    private const uint Version = 1;
    private const byte BatchStartFlag = 1;

    private static ReadOnlySpan<byte> Magic => "CONCLWAL"u8;

    public static long RecordBytes(int payloadBytes) => RecordHeaderBytes + ((payloadBytes + 7L) & ~7L);

    public static int PaddingBytes(int payloadBytes) => -payloadBytes & 7;

    public static void WriteSegmentHeader(Span<byte> into, ulong number, ulong salt)
    {
        into[..SegmentHeaderBytes].Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(into[16..], number);
        BinaryPrimitives.WriteUInt64LittleEndian(into[24..], salt);
        BinaryPrimitives.WriteUInt32LittleEndian(into[60..], Crc32C.Append(0, into[..60]));
    }

    /// <summary>Null when the header is good, else what is wrong with it.</summary>
    public static string? ReadSegmentHeader(ReadOnlySpan<byte> from, ulong number, out ulong salt)
    {
        salt = 0;
        if (from.Length < SegmentHeaderBytes) return "the file is shorter than a segment's header";
        if (!from[..8].SequenceEqual(Magic)) return "the file does not begin like a segment";
        if (BinaryPrimitives.ReadUInt32LittleEndian(from[60..]) != Crc32C.Append(0, from[..60])) return "the checksum of the segment's header is wrong";
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(from[8..]);
        if (version != Version) return $"the segment has format version {version}, this program reads version {Version}";
        ulong own = BinaryPrimitives.ReadUInt64LittleEndian(from[16..]);
        if (own != number) return $"the file holds segment {own:x16}";
        salt = BinaryPrimitives.ReadUInt64LittleEndian(from[24..]);
        return null;
    }

    /// <summary>Start value for the header checksums of one segment.</summary>
    public static uint Seed(ulong number, ulong salt)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], salt);
        return Crc32C.Append(0, bytes);
    }

    public static void WriteHeader(Span<byte> into, uint seed, long offset, in WalHeader header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], header.PayloadCrc);
        BinaryPrimitives.WriteInt32LittleEndian(into[8..], header.PayloadBytes);
        into[12] = (byte)header.Kind;
        into[13] = (byte)header.EntryType;
        into[14] = header.BatchStart ? BatchStartFlag : (byte)0;
        into[15] = header.ExtensionBytes;
        BinaryPrimitives.WriteUInt64LittleEndian(into[16..], header.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(into[24..], header.Index.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(into, HeaderCrc(into, seed, offset));
    }

    /// <summary>False when these bytes are not the header of a record at this place.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> from, uint seed, long offset, out WalHeader header)
    {
        header = default;
        if (from[12] is 0 or > (byte)WalKind.Seal || (from[14] & ~BatchStartFlag) != 0) return false;
        int payloadBytes = BinaryPrimitives.ReadInt32LittleEndian(from[8..]);
        if (payloadBytes < from[15] || BinaryPrimitives.ReadUInt32LittleEndian(from) != HeaderCrc(from, seed, offset)) return false;
        header = new WalHeader((WalKind)from[12], (EntryType)from[13], from[14] != 0, from[15], payloadBytes,
            BinaryPrimitives.ReadUInt32LittleEndian(from[4..]), new Term(BinaryPrimitives.ReadUInt64LittleEndian(from[16..])), new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(from[24..])));
        return true;
    }

    private static uint HeaderCrc(ReadOnlySpan<byte> header, uint seed, long offset)
    {
        Span<byte> place = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(place, offset);
        return Crc32C.Append(Crc32C.Append(seed, place), header[4..RecordHeaderBytes]);
    }
}
