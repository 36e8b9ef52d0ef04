using System.Globalization;
using System.Text;

namespace Conclave.Core.Time;

/// <summary>Durations as text in Go's form (<c>1h15m30.5s</c>), in nanoseconds: the form of configuration files, requests and answers.</summary>
public static class GoDuration
{
    /// <summary>Nanoseconds in a tick of <see cref="TimeSpan"/>.</summary>
    public const long NanosecondsPerTick = 100;

    private const long Microsecond = 1_000, Millisecond = 1_000_000, Second = 1_000_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    /// <summary>Longest text looked at; no sensible duration is near it.</summary>
    private const int TextMax = 256;

    /// <summary>Reads a duration; fractions finer than a nanosecond are cut off. False for malformed text and beyond 292 years.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanoseconds)
    {
        nanoseconds = 0;
        var negative = text is ['-', ..];
        if (text is ['-' or '+', ..]) text = text[1..];
        if (text is "0") return true;
        if (text.Length is 0 or > TextMax) return false;
        Int128 total = 0;
        while (text.Length > 0)
        {
            if (!TryTakePart(ref text, out var part)) return false;
            total += part;
            if (total > long.MaxValue) return false;
        }
        nanoseconds = negative ? -(long)total : (long)total;
        return true;
    }

    /// <summary>Reads a duration to the 100 ns of a <see cref="TimeSpan"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        var read = TryParse(text, out long nanoseconds);
        duration = TimeSpan.FromTicks(nanoseconds / NanosecondsPerTick);
        return read;
    }

    /// <summary>Go's text for why a duration cannot be read.</summary>
    public static string ErrorText(string text)
    {
        var rest = text.AsSpan().TrimStart("+-");
        if (rest.Length == 0) return $"time: invalid duration {Quote(text)}";
        while (rest.Length > 0)
        {
            var number = rest.IndexOfAnyExcept("0123456789.");
            if (number == 0) return $"time: invalid duration {Quote(text)}";
            if (number < 0) return $"time: missing unit in duration {Quote(text)}";
            rest = rest[number..];
            var unit = UnitLength(rest);
            if (UnitOf(rest[..unit]) == 0) return $"time: unknown unit {Quote(rest[..unit].ToString())} in duration {Quote(text)}";
            rest = rest[unit..];
        }
        return $"time: invalid duration {Quote(text)}";
    }

    /// <summary>The shortest text in Go's form: <c>1h0m0s</c>, <c>1.5s</c>, <c>250ms</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan duration) => Format(duration.Ticks * NanosecondsPerTick);

    /// <summary>The shortest text in Go's form.</summary>
    public static string Format(long nanoseconds)
    {
        if (nanoseconds == 0) return "0s";
        var sign = nanoseconds < 0 ? "-" : "";
        var rest = nanoseconds < 0 ? (ulong)(-(nanoseconds + 1)) + 1 : (ulong)nanoseconds;
        if (rest < (ulong)Second)
        {
            var (unit, name) = rest < (ulong)Microsecond ? (1L, "ns") : rest < (ulong)Millisecond ? (Microsecond, "µs") : (Millisecond, "ms");
            return sign + Fraction(rest, (ulong)unit) + name;
        }
        var text = new StringBuilder(sign);
        var (hours, minutes) = (rest / (ulong)Hour, rest / (ulong)Minute % 60);
        if (hours > 0) text.Append(hours).Append('h');
        if (hours > 0 || minutes > 0) text.Append(minutes).Append('m');
        return text.Append(Fraction(rest % (ulong)Minute, (ulong)Second)).Append('s').ToString();
    }

    private static bool TryTakePart(ref ReadOnlySpan<char> text, out Int128 nanoseconds)
    {
        nanoseconds = 0;
        var digits = text.IndexOfAnyExcept("0123456789.");
        if (digits <= 0) return false;
        var number = text[..digits];
        text = text[digits..];
        var unitLength = UnitLength(text);
        var unit = UnitOf(text[..unitLength]);
        text = text[unitLength..];
        return unit > 0 && TryScale(number, unit, out nanoseconds);
    }

    private static bool TryScale(ReadOnlySpan<char> number, long unit, out Int128 nanoseconds)
    {
        nanoseconds = 0;
        var point = number.IndexOf('.');
        var whole = point < 0 ? number : number[..point];
        var fraction = point < 0 ? [] : number[(point + 1)..];
        if (whole.Length + fraction.Length == 0 || fraction.Contains('.')) return false;
        long count = 0;
        if (whole.Length > 0 && !long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out count)) return false;
        nanoseconds = (Int128)count * unit;
        Int128 place = unit;
        foreach (var digit in fraction)
        {
            place *= digit - '0';
            nanoseconds += place / 10;
            place = unit = Math.Max(unit / 10, 0);
        }
        return true;
    }

    private static int UnitLength(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAny("0123456789.");
        return end < 0 ? text.Length : end;
    }

    private static long UnitOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1,
        "us" or "µs" or "μs" => Microsecond,
        "ms" => Millisecond,
        "s" => Second,
        "m" => Minute,
        "h" => Hour,
        _ => 0,
    };

    private static string Fraction(ulong value, ulong unit)
    {
        var (whole, rest) = (value / unit, value % unit);
        if (rest == 0) return whole.ToString(CultureInfo.InvariantCulture);
        var digits = 0;
        for (var scale = unit; scale > 1; scale /= 10) digits++;
        var fraction = rest.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0').TrimEnd('0');
        return $"{whole.ToString(CultureInfo.InvariantCulture)}.{fraction}";
    }

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
