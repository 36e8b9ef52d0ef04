using System.Buffers;
using System.Globalization;
using System.Text;

namespace Conclave.Core.Codec;

/// <summary>The part of the tar format that archives use: small regular files, USTAR when written, GNU and PAX forms accepted when read.</summary>
internal static class TarFormat
{
    public const int BlockBytes = 512;

    private const int NameAt = 0, NameBytes = 100, ModeAt = 100, UserAt = 108, GroupAt = 116, SizeAt = 124, SizeBytes = 12, TimeAt = 136, ChecksumAt = 148, ChecksumBytes = 8, TypeAt = 156;
    private const int MagicAt = 257, MajorAt = 329, MinorAt = 337, PrefixAt = 345, PrefixBytes = 155;

    /// <summary>Writes a file's header: mode 0600, nobody's, for content of <paramref name="size"/> bytes, which must follow with <see cref="WritePadding"/>.</summary>
    public static void WriteHeader(IBufferWriter<byte> output, string name, long size, long unixSeconds)
    {
        var block = output.GetSpan(BlockBytes)[..BlockBytes];
        block.Clear();
        Encoding.ASCII.GetBytes(name, block);
        WriteOctal(block.Slice(ModeAt, 8), 0x180);                 // rw for the owner
        WriteOctal(block.Slice(UserAt, 8), 0);
        WriteOctal(block.Slice(GroupAt, 8), 0);
        WriteOctal(block.Slice(SizeAt, SizeBytes), size);
        WriteOctal(block.Slice(TimeAt, 12), Math.Max(0, unixSeconds));
        block[TypeAt] = (byte)'0';
        "ustar\0"u8.CopyTo(block[MagicAt..]);
        "00"u8.CopyTo(block[(MagicAt + 6)..]);
        WriteOctal(block.Slice(MajorAt, 8), 0);
        WriteOctal(block.Slice(MinorAt, 8), 0);
        WriteOctal(block.Slice(ChecksumAt, ChecksumBytes - 1), Checksum(block));
        block[ChecksumAt + ChecksumBytes - 1] = (byte)' ';
        output.Advance(BlockBytes);
    }

    /// <summary>Fills up the last block of a content of <paramref name="size"/> bytes.</summary>
    public static void WritePadding(IBufferWriter<byte> output, long size) => WriteZeros(output, (int)(RoundUp(size) - size));

    /// <summary>Ends the archive: exactly two empty blocks, for peers refuse more.</summary>
    public static void WriteEnd(IBufferWriter<byte> output) => WriteZeros(output, 2 * BlockBytes);

    /// <summary>Size of a content with its padding.</summary>
    public static long RoundUp(long size) => (size + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>Reads the next file and moves <paramref name="tar"/> behind it; false at the archive's end, behind which <paramref name="tar"/> stands then.</summary>
    /// <exception cref="TarException">Not a tar archive, or it ends early.</exception>
    public static bool TryReadFile(ref ReadOnlyMemory<byte> tar, out string name, out ReadOnlyMemory<byte> content)
    {
        string? longName = null;
        while (TryReadEntry(ref tar, out byte type, out name, out content))
        {
            switch ((char)type)
            {
                case 'L': longName = CutAtZero(content.Span); break;
                case 'x': longName = PathOf(content.Span) ?? longName; break;
                case 'g': break;                                        // settings for all files: none that matter here
                default:
                    name = longName ?? name;
                    return true;
            }
        }
        return false;
    }

    private static bool TryReadEntry(ref ReadOnlyMemory<byte> tar, out byte type, out string name, out ReadOnlyMemory<byte> content)
    {
        (type, name, content) = (0, "", default);
        if (tar.IsEmpty) return false;
        if (tar.Length < BlockBytes) throw new TarException("unexpected EOF", isCut: true);
        var block = tar.Span[..BlockBytes];
        if (!block.ContainsAnyExcept((byte)0))
        {
            int end = tar.Length >= 2 * BlockBytes && !tar.Span.Slice(BlockBytes, BlockBytes).ContainsAnyExcept((byte)0) ? 2 * BlockBytes : BlockBytes;
            tar = tar[end..];
            return false;
        }
        if (!TryReadNumber(block.Slice(ChecksumAt, ChecksumBytes), out long checksum) || checksum != Checksum(block) || !TryReadNumber(block.Slice(SizeAt, SizeBytes), out long size) || size < 0)
            throw new TarException("archive/tar: invalid tar header", isCut: false);

        type = block[TypeAt];
        name = CutAtZero(block.Slice(NameAt, NameBytes));
        string prefix = block.Slice(MagicAt, 6).SequenceEqual("ustar\0"u8) ? CutAtZero(block.Slice(PrefixAt, PrefixBytes)) : "";
        if (prefix.Length > 0) name = prefix + "/" + name;
        tar = tar[BlockBytes..];
        if (size > tar.Length) throw new TarException("unexpected EOF", isCut: true, insideContent: true);
        content = tar[..(int)size];
        tar = tar[(int)Math.Min(RoundUp(size), tar.Length)..];
        return true;
    }

    // PAX headers are lines "length key=value\n".
    private static string? PathOf(ReadOnlySpan<byte> records)
    {
        string? path = null;
        while (!records.IsEmpty)
        {
            int blank = records.IndexOf((byte)' ');
            if (blank <= 0 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length <= blank + 1 || length > records.Length)
                throw new TarException("archive/tar: invalid tar header", isCut: false);
            var record = records[(blank + 1)..(length - 1)];
            if (record.StartsWith("path="u8)) path = Encoding.UTF8.GetString(record["path=".Length..]);
            records = records[length..];
        }
        return path;
    }

    private static string CutAtZero(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    // Octal digits with blanks or zeros around them, or GNU's binary form for what does not fit.
    private static bool TryReadNumber(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0)
        {
            value = field[0] & 0x3f;
            foreach (byte b in field[1..])
            {
                if (value > long.MaxValue >> 9) return false;
                value = value << 8 | b;
            }
            return (field[0] & 0x40) == 0;
        }
        foreach (byte digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7') return false;
            value = value << 3 | (uint)(digit - '0');
        }
        return true;
    }

    // The sum of all bytes of the block, its own field counted as blanks.
    private static int Checksum(ReadOnlySpan<byte> block)
    {
        int sum = ChecksumBytes * ' ';
        for (int i = 0; i < BlockBytes; i++)
            if (i is < ChecksumAt or >= ChecksumAt + ChecksumBytes) sum += block[i];
        return sum;
    }

    private static void WriteOctal(Span<byte> field, long value)
    {
        for (int i = field.Length - 2; i >= 0; i--, value >>= 3) field[i] = (byte)('0' + (value & 7));
        Invariant.Require(value == 0, "a number fits its tar field");
    }

    private static void WriteZeros(IBufferWriter<byte> output, int count)
    {
        if (count == 0) return;
        output.GetSpan(count)[..count].Clear();
        output.Advance(count);
    }
}

/// <summary>Bytes that are no tar archive.</summary>
/// <param name="reason">What is wrong, in the words of Go's reader.</param>
/// <param name="isCut">The archive ends early.</param>
/// <param name="insideContent">It ends within a file's content rather than in a header.</param>
internal sealed class TarException(string reason, bool isCut, bool insideContent = false) : Exception(reason)
{
    public bool IsCut { get; } = isCut;

    public bool InsideContent { get; } = insideContent;
}
