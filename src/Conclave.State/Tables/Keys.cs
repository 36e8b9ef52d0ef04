using System.Text;

namespace Conclave.State;

/// <summary>
/// Makes the composite keys of the catalog's tables: each part in lower case UTF-8, closed by a zero byte, so that the keys of one node or service
/// form a prefix and sort together.
/// </summary>
internal static class Keys
{
    /// <summary>Bytes of stack a caller offers; longer keys (rare) are allocated.</summary>
    public const int Scratch = 256;

    public static ReadOnlySpan<byte> Of(Span<byte> scratch, string first)
    {
        var at = 0;
        Append(ref scratch, ref at, first);
        return scratch[..at];
    }

    public static ReadOnlySpan<byte> Of(Span<byte> scratch, string first, string second)
    {
        var at = 0;
        Append(ref scratch, ref at, first);
        Append(ref scratch, ref at, second);
        return scratch[..at];
    }

    public static ReadOnlySpan<byte> Of(Span<byte> scratch, string first, string second, string third)
    {
        var at = 0;
        Append(ref scratch, ref at, first);
        Append(ref scratch, ref at, second);
        Append(ref scratch, ref at, third);
        return scratch[..at];
    }

    public static byte[] Make(string first) => Of(stackalloc byte[Scratch], first).ToArray();

    public static byte[] Make(string first, string second) => Of(stackalloc byte[Scratch], first, second).ToArray();

    public static byte[] Make(string first, string second, string third) => Of(stackalloc byte[Scratch], first, second, third).ToArray();

    /// <summary>Two keys behind each other, the first being a closed prefix.</summary>
    public static byte[] Join(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var key = new byte[first.Length + second.Length];
        first.CopyTo(key);
        second.CopyTo(key.AsSpan(first.Length));
        return key;
    }

    private static void Append(ref Span<byte> scratch, ref int at, string text)
    {
        if (text.Length < scratch.Length - at && Ascii.ToLower(text, scratch[at..], out var written) == System.Buffers.OperationStatus.Done
            && !scratch.Slice(at, written).ContainsAnyInRange((byte)0, (byte)1))
        {
            scratch[at + written] = 0;
            at += written + 1;
            return;
        }
        // A zero inside a name would look like the end of the part; its stand-in keeps different names different.
        var lower = text.ToLowerInvariant().Replace("\u0001", "\u0001\u0002", StringComparison.Ordinal).Replace("\0", "\u0001\u0001", StringComparison.Ordinal);
        var length = Encoding.UTF8.GetByteCount(lower);
        if (length >= scratch.Length - at)
        {
            var grown = new byte[(at + length + 1) * 2 + Scratch];
            scratch[..at].CopyTo(grown);
            scratch = grown;
        }
        Encoding.UTF8.GetBytes(lower, scratch[at..]);
        scratch[at + length] = 0;
        at += length + 1;
    }
}
