using System.Globalization;

namespace Conclave.Http.Json;

/// <summary>Numbers as the compatible server's JSON library prints them: shortest digits; exponent form below 1e-6 and from 1e21 on, a negative one-digit exponent without its zero.</summary>
internal static class GoFloat
{
    /// <summary>Formats <paramref name="value"/> (finite) into <paramref name="into"/> (32 characters suffice).</summary>
    public static int Format(double value, Span<char> into)
    {
        Span<char> shortest = stackalloc char[32];
        value.TryFormat(shortest, out var length, "R", CultureInfo.InvariantCulture);
        var size = Math.Abs(value);
        if (size == 0 || size is >= 1e-6 and < 1e21) return Decimal(shortest[..length], into);
        return Exponent(shortest[..length], into);
    }

    private static int Decimal(ReadOnlySpan<char> shortest, Span<char> into)
    {
        var e = shortest.IndexOf('E');
        if (e < 0)
        {
            shortest.CopyTo(into);
            return shortest.Length;
        }
        // The runtime switches to exponents earlier (1e-5, 1e15): lay the same digits out in full.
        SplitDigits(shortest, out var negative, out var digits, out var digitCount, out var exponent);
        var at = 0;
        if (negative) into[at++] = '-';
        if (exponent < 0)
        {
            "0.".CopyTo(into[at..]);
            at += 2;
            for (var i = 1; i < -exponent; i++) into[at++] = '0';
            digits[..digitCount].CopyTo(into[at..]);
            return at + digitCount;
        }
        for (var i = 0; i <= exponent || i < digitCount; i++)
        {
            if (i == exponent + 1) into[at++] = '.';
            into[at++] = i < digitCount ? digits[i] : '0';
        }
        return at;
    }

    private static int Exponent(ReadOnlySpan<char> shortest, Span<char> into)
    {
        SplitDigits(shortest, out var negative, out var digits, out var digitCount, out var exponent);
        var at = 0;
        if (negative) into[at++] = '-';
        into[at++] = digits[0];
        if (digitCount > 1)
        {
            into[at++] = '.';
            digits[1..digitCount].CopyTo(into[at..]);
            at += digitCount - 1;
        }
        into[at++] = 'e';
        into[at++] = exponent < 0 ? '-' : '+';
        Math.Abs(exponent).TryFormat(into[at..], out var written, default, CultureInfo.InvariantCulture);
        return at + written;
    }

    private static void SplitDigits(ReadOnlySpan<char> text, out bool negative, out Span<char> digits, out int count, out int exponent)
    {
        negative = text[0] == '-';
        if (negative) text = text[1..];
        digits = new char[text.Length];
        count = 0;
        exponent = 0;
        var e = text.IndexOf('E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture);
            text = text[..e];
        }
        var point = text.IndexOf('.');
        if (point < 0) point = text.Length;
        exponent += point - 1;
        foreach (var c in text)
            if (c != '.') digits[count++] = c;
        var leading = 0;
        while (leading < count - 1 && digits[leading] == '0') leading++;
        digits = digits[leading..];
        count -= leading;
        exponent -= leading;
        while (count > 1 && digits[count - 1] == '0') count--;
    }
}
