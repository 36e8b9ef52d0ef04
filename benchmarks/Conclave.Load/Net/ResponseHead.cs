using System.Buffers.Text;

namespace Conclave.Load.Net;

/// <summary>The few header fields that a load generator needs.</summary>
internal readonly record struct ResponseHead(int Status, int ContentLength, bool IsChunked, ulong Index)
{
    /// <param name="head">Status line and headers, each line with its end.</param>
    public static ResponseHead Parse(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12 || !Utf8Parser.TryParse(head[9..], out int status, out _)) throw new IOException("the answer has no status");
        var (length, chunked, index) = (0, false, 0UL);
        for (var line = NextLine(ref head); head.Length > 0;)
        {
            line = NextLine(ref head);
            if (StartsWith(line, "content-length:"u8)) Utf8Parser.TryParse(Value(line, 15), out length, out _);
            else if (StartsWith(line, "transfer-encoding:"u8)) chunked = true;
            else if (StartsWith(line, "x-consul-index:"u8)) Utf8Parser.TryParse(Value(line, 15), out index, out _);
        }
        return new ResponseHead(status, length, chunked, index);
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = rest[..end];
        rest = rest[(end + 1)..];
        return line;
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> line, int from) => line[from..].TrimStart((byte)' ');

    private static bool StartsWith(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length >= name.Length && System.Text.Ascii.EqualsIgnoreCase(line[..name.Length], name);
}
