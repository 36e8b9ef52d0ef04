using System.Globalization;
using Conclave.Core.Patterns;

namespace Conclave.Node.Filters;

/// <summary>Turns the values of comparisons, which are text, into what the fields hold.</summary>
internal static class FilterValues
{
    /// <summary>A test of texts without regard to negation; null for operators that texts do not have.</summary>
    public static Predicate<string>? TryBindText(FilterMatch match)
    {
        string value = match.Value ?? "";
        switch (FilterOperators.Positive(match.Operator))
        {
            case FilterOperator.Equal: return text => text == value;
            case FilterOperator.In: return text => text.Contains(value, StringComparison.Ordinal);
            case FilterOperator.Matches:
                var pattern = ToPattern(value);
                return text => pattern.IsMatch(text);
            default: return null;
        }
    }

    /// <summary>A number in decimal or with the prefixes 0x, 0o, 0b or 0, as Go reads it.</summary>
    public static long ToInteger(FilterMatch match)
    {
        string raw = match.Value!;
        var digits = raw.AsSpan();
        bool negative = digits.StartsWith('-');
        if (negative || digits.StartsWith('+')) digits = digits[1..];
        int numberBase = TakeBase(ref digits);
        if (digits.IsEmpty) throw NotConvertible(match, "strconv.ParseInt", "invalid syntax");

        Int128 value = 0;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10) : int.MaxValue;
            if (digit >= numberBase) throw NotConvertible(match, "strconv.ParseInt", "invalid syntax");
            value = Int128.Min(value * numberBase + digit, ulong.MaxValue);
        }
        if (negative) value = -value;
        if (value > long.MaxValue || value < long.MinValue) throw NotConvertible(match, "strconv.ParseInt", "value out of range");
        return (long)value;
    }

    /// <summary>The spellings that Go reads as a truth value.</summary>
    public static bool ToBool(FilterMatch match) => match.Value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw NotConvertible(match, "strconv.ParseBool", "invalid syntax"),
    };

    // Patterns come from outside: each match must cost no more than the pattern and the text are long.
    private static LinearPattern ToPattern(string pattern)
    {
        if (LinearPattern.TryParse(pattern, out var parsed, out string error)) return parsed;
        throw new FilterException($"Failed to compile regular expression {FilterText.Quote(pattern)}: {error}");
    }

    private static int TakeBase(ref ReadOnlySpan<char> digits)
    {
        if (digits.Length < 2 || digits[0] != '0') return 10;
        int numberBase = (digits[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 };
        digits = digits[(numberBase == 0 ? 1 : 2)..];
        return numberBase == 0 ? 8 : numberBase;
    }

    private static FilterException NotConvertible(FilterMatch match, string function, string why) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Failed to coerce value {FilterText.Quote(match.Value!)} for selector {FilterText.Quote(match.SelectorText)}: {function}: parsing {FilterText.Quote(match.Value!)}: {why}"));
}
