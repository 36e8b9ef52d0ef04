using System.Globalization;
using System.Text;

namespace Conclave.Core;

/// <summary>A length of time in nanoseconds that reads and prints as Go's durations do: the form of all durations in the HTTP API, configuration and the wire's texts.</summary>
/// <param name="Nanoseconds">May be negative; about ±292 years.</param>
public readonly record struct GoDuration(long Nanoseconds) : IComparable<GoDuration>
{
    private const long Microsecond = 1_000, Millisecond = 1_000_000, Second = 1_000_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    // "-2562047h47m16.854775808s" has 25 characters.
    private const int TextLengthMax = 32;

    // The magnitude of the most negative value; anything above does not fit.
    private const ulong MagnitudeMax = 1UL << 63;

    /// <summary>No time at all.</summary>
    public static GoDuration Zero => default;

    /// <summary>The duration of <paramref name="span"/>; saturates.</summary>
    public static GoDuration From(TimeSpan span) => new((long)Int128.Clamp((Int128)span.Ticks * 100, long.MinValue, long.MaxValue));

    /// <summary>The same duration, cut to 100 ns.</summary>
    public TimeSpan ToTimeSpan() => new(Nanoseconds / 100);

    /// <inheritdoc/>
    public int CompareTo(GoDuration other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Reads a duration.</summary>
    /// <exception cref="FormatException">Not a duration; the message is Go's.</exception>
    public static GoDuration Parse(string text) => TryParse(text, out var duration, out string error) ? duration : throw new FormatException(error);

    /// <summary>Reads an optional sign and one or more numbers with a unit (h, m, s, ms, us, µs, μs, ns), or a bare 0. On failure <paramref name="error"/> is Go's text.</summary>
    public static bool TryParse(string text, out GoDuration duration, out string error)
    {
        duration = default;
        error = "";
        var rest = text.AsSpan();
        bool negative = rest.StartsWith('-');
        if (negative || rest.StartsWith('+')) rest = rest[1..];
        if (rest is "0") return true;
        if (rest.IsEmpty) return Fail(Invalid(text), out error);

        ulong total = 0;
        while (!rest.IsEmpty)
        {
            if (!TryReadNumber(ref rest, out ulong whole, out ulong fraction, out double scale)) return Fail(Invalid(text), out error);
            var unit = ReadUnit(ref rest);
            if (unit.IsEmpty) return Fail($"time: missing unit in duration {Quote(text)}", out error);
            if (NanosecondsOf(unit) is not (var each and > 0)) return Fail($"time: unknown unit {Quote(unit.ToString())} in duration {Quote(text)}", out error);
            if (whole > MagnitudeMax / each) return Fail(Invalid(text), out error);
            // The fraction is scaled in floating point because peers do, which decides the last nanosecond.
            ulong value = whole * each + (fraction > 0 ? (ulong)(fraction * (each / scale)) : 0);
            if (value > MagnitudeMax || (total += value) > MagnitudeMax) return Fail(Invalid(text), out error);
        }
        if (total == MagnitudeMax && !negative) return Fail(Invalid(text), out error);
        duration = new(negative ? unchecked(-(long)total) : (long)total);
        return true;
    }

    /// <summary>The text Go prints: <c>0s</c>, <c>953ms</c>, <c>1.5s</c>, <c>5m0s</c>, <c>1h2m3.5s</c>.</summary>
    public override string ToString()
    {
        Span<char> text = stackalloc char[TextLengthMax];
        return text[..Format(text)].ToString();
    }

    private int Format(Span<char> text)
    {
        int at = 0;
        if (Nanoseconds < 0) text[at++] = '-';
        ulong left = Nanoseconds < 0 ? (ulong)-(Int128)Nanoseconds : (ulong)Nanoseconds;
        switch (left)
        {
            case 0: return Append(text, at, "0s");
            case < Microsecond: return AppendScaled(text, at, left, 1, "ns");
            case < Millisecond: return AppendScaled(text, at, left, Microsecond, "µs");
            case < Second: return AppendScaled(text, at, left, Millisecond, "ms");
        }
        if (left >= Hour) at = AppendScaled(text, at, left / Hour, 1, "h");
        if (left >= Minute) at = AppendScaled(text, at, left % Hour / Minute, 1, "m");
        return AppendScaled(text, at, left % Minute, Second, "s");
    }

    private static int AppendScaled(Span<char> text, int at, ulong value, ulong scale, string unit)
    {
        (value / scale).TryFormat(text[at..], out int written, default, CultureInfo.InvariantCulture);
        at += written;
        ulong fraction = value % scale;
        if (fraction > 0) text[at++] = '.';
        while (fraction > 0)
        {
            scale /= 10;
            text[at++] = (char)('0' + fraction / scale);
            fraction %= scale;
        }
        return Append(text, at, unit);
    }

    private static int Append(Span<char> text, int at, string part)
    {
        part.CopyTo(text[at..]);
        return at + part.Length;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<char> rest, out ulong whole, out ulong fraction, out double scale)
    {
        (whole, fraction, scale) = (0, 0, 1);
        int at = 0;
        for (; at < rest.Length && char.IsAsciiDigit(rest[at]); at++)
        {
            if (whole > MagnitudeMax / 10) return false;
            whole = whole * 10 + (ulong)(rest[at] - '0');
            if (whole > MagnitudeMax) return false;
        }
        bool hasDigits = at > 0;
        if (at < rest.Length && rest[at] == '.')
        {
            int start = ++at;
            bool full = false;
            for (; at < rest.Length && char.IsAsciiDigit(rest[at]); at++)
            {
                // Digits beyond what fits are too small to matter.
                ulong next = fraction * 10 + (ulong)(rest[at] - '0');
                full |= fraction > (ulong)long.MaxValue / 10 || next > MagnitudeMax;
                if (full) continue;
                fraction = next;
                scale *= 10;
            }
            hasDigits |= at > start;
        }
        rest = rest[at..];
        return hasDigits;
    }

    private static ReadOnlySpan<char> ReadUnit(ref ReadOnlySpan<char> rest)
    {
        int end = 0;
        while (end < rest.Length && rest[end] != '.' && !char.IsAsciiDigit(rest[end])) end++;
        var unit = rest[..end];
        rest = rest[end..];
        return unit;
    }

    // Both micro signs occur: U+00B5 and the Greek letter U+03BC.
    private static ulong NanosecondsOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1,
        "us" or "µs" or "\u03bcs" => Microsecond,
        "ms" => Millisecond,
        "s" => Second,
        "m" => Minute,
        "h" => Hour,
        _ => 0,
    };

    private static bool Fail(string reason, out string error)
    {
        error = reason;
        return false;
    }

    private static string Invalid(string text) => $"time: invalid duration {Quote(text)}";

    // Bytes outside printable ASCII are shown in hexadecimal, as Go's time package does.
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            if (b is < 0x20 or >= 0x80) quoted.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            else if (b is (byte)'"' or (byte)'\\') quoted.Append('\\').Append((char)b);
            else quoted.Append((char)b);
        }
        return quoted.Append('"').ToString();
    }
}
