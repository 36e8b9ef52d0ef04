using System.Globalization;

namespace Conclave.Core.Patterns;

internal sealed partial class PatternParser
{
    private PatternNode ParseEscape()
    {
        if (_at + 1 == pattern.Length) throw new PatternSyntaxException("trailing backslash at end of expression: ``");
        switch (pattern[_at + 1])
        {
            case 'A': return At(Position.TextStart);
            case 'z': return At(Position.TextEnd);
            case 'b': return At(Position.WordBoundary);
            case 'B': return At(Position.NoWordBoundary);
        }
        var set = new RuneSet { IgnoresCase = (_flags & Flags.IgnoreCase) != 0 };
        if (TryNamedEscape(set)) return new PatternNode.One(set);
        int rune = TakeEscapedRune();
        return new PatternNode.One(set.Add(rune, rune));
    }

    private PatternNode.At At(Position position)
    {
        _at += 2;
        return new PatternNode.At(position);
    }

    private RuneSet ParseClass()
    {
        int start = _at;
        _at++;
        var set = new RuneSet { IsNegated = TryTake("^"), IgnoresCase = (_flags & Flags.IgnoreCase) != 0 };
        bool isFirst = true;
        // A closing bracket that comes first stands for itself.
        while (isFirst || !Rest.StartsWith("]"))
        {
            isFirst = false;
            if (IsAtEnd) throw new PatternSyntaxException($"missing closing ]: `{pattern[start..]}`");
            if (!TryBracketName(set) && !TryNamedEscape(set)) ParseRange(set, start);
        }
        _at++;
        return set;
    }

    private void ParseRange(RuneSet set, int start)
    {
        int rangeStart = _at, from = TakeClassRune(start), to = from;
        if (Rest.Length >= 2 && Rest[0] == '-' && Rest[1] != ']')
        {
            _at++;
            to = TakeClassRune(start);
            if (to < from) throw new PatternSyntaxException($"invalid character class range: `{pattern[rangeStart.._at]}`");
        }
        set.Add(from, to);
    }

    private int TakeClassRune(int start)
    {
        if (IsAtEnd) throw new PatternSyntaxException($"missing closing ]: `{pattern[start..]}`");
        return pattern[_at] == '\\' ? TakeEscapedRune() : TakeRune();
    }

    // [:alpha:] and [:^alpha:]
    private bool TryBracketName(RuneSet set)
    {
        if (!Rest.StartsWith("[:")) return false;
        int end = Rest.IndexOf(":]");
        if (end < 0) return false;
        var name = Rest[2..end];
        bool isNegated = name.StartsWith("^");
        if (!RuneClasses.TryGet((isNegated ? name[1..] : name).ToString(), out var ranges)) throw new PatternSyntaxException($"invalid character class range: `{Rest[..(end + 2)]}`");
        set.AddNamed(ranges, isNegated);
        _at += end + 2;
        return true;
    }

    // \d, \pL and their like, within brackets or without.
    private bool TryNamedEscape(RuneSet set)
    {
        if (Rest.Length < 2 || Rest[0] != '\\') return false;
        (int, int)[]? ranges = char.ToLowerInvariant(Rest[1]) switch
        {
            'd' => RuneClasses.Digits,
            'w' => RuneClasses.Words,
            's' => RuneClasses.Spaces,
            _ => null,
        };
        if (ranges is null) return Rest[1] is 'p' or 'P' && TakeCategories(set);
        set.AddNamed(ranges, isNegated: char.IsAsciiLetterUpper(Rest[1]));
        _at += 2;
        return true;
    }

    private bool TakeCategories(RuneSet set)
    {
        int start = _at;
        bool isNegated = Rest[1] == 'P';
        _at += 2;
        int end = Rest.StartsWith("{") ? Rest.IndexOf('}') : -1;
        var name = end > 0 ? Rest[1..end] : Rest[..Math.Min(1, Rest.Length)];
        _at += end > 0 ? end + 1 : name.Length;
        if (name.StartsWith("^"))
        {
            isNegated = !isNegated;
            name = name[1..];
        }
        if (!RuneClasses.TryGetCategories(name, out uint categories)) throw new PatternSyntaxException($"invalid character class range: `{pattern[start.._at]}`");
        set.AddCategories(isNegated ? ~categories : categories);
        return true;
    }

    private int TakeEscapedRune()
    {
        int start = _at;
        _at++;
        if (IsAtEnd) throw new PatternSyntaxException("trailing backslash at end of expression: ``");
        char c = pattern[_at];
        if (c < 0x80 && !char.IsAsciiLetterOrDigit(c))
        {
            _at++;
            return c;
        }
        switch (c)
        {
            case 'a': return Plain('\a');
            case 'f': return Plain('\f');
            case 'n': return Plain('\n');
            case 'r': return Plain('\r');
            case 't': return Plain('\t');
            case 'v': return Plain('\v');
            case 'x': return TakeHex(start);
            // One digit alone would refer back, which cannot be matched in bounded time.
            case '0' or >= '1' and <= '7' when c == '0' || (Rest.Length > 1 && Rest[1] is >= '0' and <= '7'): return TakeOctal();
        }
        throw Invalid(start);
    }

    private int Plain(int rune)
    {
        _at++;
        return rune;
    }

    private int TakeOctal()
    {
        int value = 0;
        for (int i = 0; i < 3 && !IsAtEnd && pattern[_at] is >= '0' and <= '7'; i++) value = value * 8 + (pattern[_at++] - '0');
        return value;
    }

    private int TakeHex(int start)
    {
        _at++;
        int end = Rest.StartsWith("{") ? Rest.IndexOf('}') : -1;
        var digits = end > 0 ? Rest[1..end] : Rest[..Math.Min(2, Rest.Length)];
        bool isWhole = end > 0 ? digits.Length is > 0 and <= 6 : digits.Length == 2;
        if (!isWhole || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int rune) || rune > RuneSet.RuneMax) throw Invalid(start);
        _at += end > 0 ? end + 1 : 2;
        return rune;
    }

    private PatternSyntaxException Invalid(int start) => new($"invalid escape sequence: `{pattern[start..Math.Min(pattern.Length, _at + 1)]}`");
}
