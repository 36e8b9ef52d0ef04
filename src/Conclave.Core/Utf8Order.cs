namespace Conclave.Core;

/// <summary>Orders strings as their UTF-8 bytes are ordered, which is how the peers sort keys. <see cref="string.CompareOrdinal(string, string)"/> differs above U+FFFF.</summary>
public sealed class Utf8Order : IComparer<string>
{
    private Utf8Order()
    {
    }

    /// <summary>The only instance.</summary>
    public static Utf8Order Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? a, string? b)
    {
        if (ReferenceEquals(a, b)) return 0;
        if (a is null) return -1;
        if (b is null) return 1;

        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);

        char x = a[common], y = b[common];
        // Surrogates stand for characters above U+FFFF, so they come after U+E000 to U+FFFF although their code units are smaller.
        bool xAbove = char.IsSurrogate(x), yAbove = char.IsSurrogate(y);
        return xAbove == yAbove ? x.CompareTo(y) : xAbove ? 1 : -1;
    }
}
