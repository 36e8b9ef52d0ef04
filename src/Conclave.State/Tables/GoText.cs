using System.Globalization;

namespace Conclave.State;

/// <summary>Texts in errors that the peers' clients may compare.</summary>
internal static class GoText
{
    /// <summary>A character the way hexadecimal decoders complain about it.</summary>
    public static string Rune(char c) => c is >= ' ' and <= '~'
        ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4} '{c}'")
        : string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4}");
}
