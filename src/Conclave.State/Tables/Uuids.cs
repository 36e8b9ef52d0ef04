using System.Globalization;

namespace Conclave.State;

/// <summary>UUID texts as keys: sixteen bytes, so that case and hyphens do not matter. The refusals are worded as Consul's.</summary>
public static class Uuids
{
    /// <summary>Longest key a session id can give: 36 characters of which at most four are hyphens.</summary>
    internal const int SessionKeyMax = 18;

    /// <summary>Null when <paramref name="id"/> can name a session, else why it cannot, as Consul words it behind <c>failed session lookup: </c>.</summary>
    public static string? SessionIdProblem(string id)
    {
        TrySessionKey(id, stackalloc byte[SessionKeyMax], out _, out var problem);
        return problem;
    }

    internal static bool TrySessionKey(string id, Span<byte> key, out int length, out string? problem)
    {
        length = 0;
        problem = id.Length != 36 ? "UUID must be 36 characters" : null;
        return problem is null && TryDecode(id, key, out length, out problem);
    }

    /// <summary>Decodes the leading part of an id for a look-up by prefix; an odd last digit is left out.</summary>
    internal static bool TryPrefixKey(string prefix, Span<byte> key, out int length)
    {
        length = 0;
        if (prefix.Length > 36) return false;
        return TryDecode(prefix.Length % 2 == 0 ? prefix : prefix[..^1], key, out length, out _);
    }

    /// <summary>The sixteen bytes of a node id, which must have the usual form.</summary>
    internal static bool TryNodeKey(string id, Span<byte> key, out string? problem)
    {
        if (id.Length != 36)
        {
            problem = "uuid string is wrong length";
            return false;
        }
        if (id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-')
        {
            problem = "uuid is improperly formatted";
            return false;
        }
        if (!TryDecode(id, key, out var length, out problem)) return false;
        if (length != 16) problem = "decoded hex is the wrong length";
        return problem is null;
    }

    private static bool TryDecode(string text, Span<byte> key, out int length, out string? problem)
    {
        length = 0;
        var hyphens = text.AsSpan().Count('-');
        problem = hyphens > 4 ? $"UUID should have maximum of 4 \"-\"; got {hyphens.ToString(CultureInfo.InvariantCulture)}"
            : (text.Length - hyphens) % 2 != 0 ? "Input (without hyphens) must be even length"
            : null;
        if (problem is not null) return false;
        var high = -1;
        foreach (var c in text)
        {
            if (c == '-') continue;
            if (!char.IsAsciiHexDigit(c))
            {
                problem = $"Invalid UUID: encoding/hex: invalid byte: {GoText.Rune(c)}";
                return false;
            }
            var digit = char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
            if (high < 0)
            {
                high = digit;
                continue;
            }
            key[length++] = (byte)(high << 4 | digit);
            high = -1;
        }
        return true;
    }
}
