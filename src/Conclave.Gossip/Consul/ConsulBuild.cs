using System.Globalization;

namespace Conclave.Gossip.Consul;

/// <summary>Version of an agent's program as its tag <c>build</c> tells it.</summary>
/// <param name="Major">First number.</param>
/// <param name="Minor">Second number.</param>
/// <param name="Patch">Third number.</param>
public readonly record struct ConsulBuild(int Major, int Minor, int Patch) : IComparable<ConsulBuild>
{
    // Longer texts come from nobody; the whole metadata has 512 bytes.
    private const int TextLengthMax = 512;

    /// <summary>Finds the first <c>digits.digits.digits</c> in a text, whatever stands around it.</summary>
    public static bool TryFind(string? text, out ConsulBuild build)
    {
        build = default;
        if (text is null || text.Length > TextLengthMax) return false;
        for (int at = 0; at < text.Length; at++)
            if (IsStart(text, at) && TryParse(text.AsSpan(at), out build)) return true;
        return false;
    }

    /// <inheritdoc/>
    public int CompareTo(ConsulBuild other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    /// <summary>Order of versions.</summary>
    public static bool operator <(ConsulBuild a, ConsulBuild b) => a.CompareTo(b) < 0;

    /// <summary>Order of versions.</summary>
    public static bool operator >(ConsulBuild a, ConsulBuild b) => a.CompareTo(b) > 0;

    /// <summary>Order of versions.</summary>
    public static bool operator <=(ConsulBuild a, ConsulBuild b) => a.CompareTo(b) <= 0;

    /// <summary>Order of versions.</summary>
    public static bool operator >=(ConsulBuild a, ConsulBuild b) => a.CompareTo(b) >= 0;

    /// <summary><c>1.10.11</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");

    private static bool IsStart(string text, int at) => char.IsAsciiDigit(text[at]) && (at == 0 || !char.IsAsciiDigit(text[at - 1]));

    private static bool TryParse(ReadOnlySpan<char> text, out ConsulBuild build)
    {
        build = default;
        if (!TryNumber(ref text, out int major) || !TryDot(ref text) || !TryNumber(ref text, out int minor) || !TryDot(ref text) || !TryNumber(ref text, out int patch)) return false;
        build = new ConsulBuild(major, minor, patch);
        return true;
    }

    private static bool TryNumber(ref ReadOnlySpan<char> text, out int number)
    {
        int end = text.IndexOfAnyExceptInRange('0', '9');
        var digits = end < 0 ? text : text[..end];
        text = text[digits.Length..];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static bool TryDot(ref ReadOnlySpan<char> text)
    {
        if (!text.StartsWith(".")) return false;
        text = text[1..];
        return true;
    }
}
