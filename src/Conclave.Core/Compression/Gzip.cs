using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Conclave.Core.Compression;

/// <summary>Gzip (RFC 1952) between memory and memory. Errors are texts as Go's reader has them, because archives are refused with these words.</summary>
internal static class Gzip
{
    private const int HeaderBytes = 10, TrailerBytes = 8;
    private const byte FlagHeaderChecksum = 2, FlagExtra = 4, FlagName = 8, FlagComment = 16;

    // Modification time 0, unknown system: nothing in the header depends on when or where it is written.
    private static ReadOnlySpan<byte> Header => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

    /// <summary>Compresses <paramref name="content"/> as one member.</summary>
    public static void Compress(IBufferWriter<byte> output, in ReadOnlySequence<byte> content)
    {
        output.Write(Header);
        uint checksum = 0;
        // A snapshot's parts repeat a lot; the fastest level already finds most of it.
        using (var deflate = new DeflateStream(new BufferStream(output), CompressionLevel.Fastest))
            foreach (var piece in content)
            {
                checksum = Crc32.Append(checksum, piece.Span);
                deflate.Write(piece.Span);
            }
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], (uint)content.Length);
        output.Write(trailer);
    }

    /// <summary>Checks the first member's header; null when it is well, else what is wrong.</summary>
    public static string? CheckHeader(ReadOnlySpan<byte> input) => TrySkipHeader(ref input);

    /// <summary>Decompresses all members. Gives everything up to the first error, and the error or null.</summary>
    public static ReadOnlyMemory<byte> Decompress(ReadOnlySpan<byte> input, int outputBytesMax, out string? error)
    {
        var output = new InflateOutput(outputBytesMax);
        do error = DecompressMember(ref input, output);
        while (error is null && !input.IsEmpty);
        return output.Written;
    }

    private static string? DecompressMember(ref ReadOnlySpan<byte> input, InflateOutput output)
    {
        int length = input.Length;
        if (TrySkipHeader(ref input) is { } wrong) return wrong;
        int start = output.Length;
        var result = Inflater.Inflate(input, output, out int consumed);
        input = input[consumed..];
        switch (result)
        {
            case InflateResult.Corrupt: return $"flate: corrupt input before offset {length - input.Length}";
            case InflateResult.TooLarge: return "the content is larger than allowed";
            case InflateResult.Truncated: return "unexpected EOF";
        }
        if (input.Length < TrailerBytes) return "unexpected EOF";
        var content = output.Written.Span[start..];
        bool same = BinaryPrimitives.ReadUInt32LittleEndian(input) == Crc32.Append(0, content) && BinaryPrimitives.ReadUInt32LittleEndian(input[4..]) == (uint)content.Length;
        input = input[TrailerBytes..];
        return same ? null : "gzip: invalid checksum";
    }

    private static string? TrySkipHeader(ref ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) return "EOF";
        if (input.Length < HeaderBytes) return "unexpected EOF";
        if (!input.StartsWith(Header[..3])) return "gzip: invalid header";
        var header = input;
        byte flags = input[3];
        input = input[HeaderBytes..];
        if ((flags & FlagExtra) != 0)
        {
            if (input.Length < 2 || BinaryPrimitives.ReadUInt16LittleEndian(input) is var extra && input.Length - 2 < extra) return "unexpected EOF";
            input = input[(2 + extra)..];
        }
        if ((flags & FlagName) != 0 && !TrySkipText(ref input)) return "unexpected EOF";
        if ((flags & FlagComment) != 0 && !TrySkipText(ref input)) return "unexpected EOF";
        return (flags & FlagHeaderChecksum) == 0 ? null : CheckHeaderChecksum(header, ref input);
    }

    private static string? CheckHeaderChecksum(ReadOnlySpan<byte> header, ref ReadOnlySpan<byte> input)
    {
        if (input.Length < 2) return "unexpected EOF";
        uint checksum = Crc32.Append(0, header[..(header.Length - input.Length)]);
        bool same = BinaryPrimitives.ReadUInt16LittleEndian(input) == (ushort)checksum;
        input = input[2..];
        return same ? null : "gzip: invalid header";
    }

    private static bool TrySkipText(ref ReadOnlySpan<byte> input)
    {
        int end = input.IndexOf((byte)0);
        if (end < 0) return false;
        input = input[(end + 1)..];
        return true;
    }

    /// <summary>Lets the platform's compressor write into a buffer.</summary>
    private sealed class BufferStream(IBufferWriter<byte> output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
            // Everything written is in the buffer already.
        }

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => output.Write(buffer);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
