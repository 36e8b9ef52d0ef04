using System.Globalization;
using System.Text;

namespace Conclave.Core.Patterns;

/// <summary>Reads RE2's syntax. Groups nest to a bound, so the stack is safe whatever comes.</summary>
internal sealed partial class PatternParser(string pattern)
{
    private const int NestingMax = 100, RepeatMax = 1000;

    private int _at;
    private int _depth;
    private Flags _flags;

    [Flags]
    private enum Flags : byte
    {
        None = 0,
        IgnoreCase = 1,
        Lines = 2,
        DotTakesAll = 4,
    }

    private bool IsAtEnd => _at == pattern.Length;

    private ReadOnlySpan<char> Rest => pattern.AsSpan(_at);

    /// <exception cref="PatternSyntaxException">Not understood.</exception>
    public PatternNode Parse()
    {
        var node = ParseChoice();
        if (!IsAtEnd) throw new PatternSyntaxException($"unexpected ): `{pattern}`");
        return node;
    }

    private PatternNode ParseChoice()
    {
        var parts = new List<PatternNode> { ParseSequence() };
        while (TryTake("|")) parts.Add(ParseSequence());
        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode ParseSequence()
    {
        var parts = new List<PatternNode>();
        while (!IsAtEnd && pattern[_at] is not ('|' or ')'))
        {
            if (Rest.StartsWith(@"\Q")) ParseQuoted(parts);
            else if (ParseAtom() is { } atom) parts.Add(ParseRepeats(atom));
        }
        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence(parts);
    }

    // Null for what only sets flags.
    private PatternNode? ParseAtom()
    {
        int start = _at;
        char c = pattern[_at];
        switch (c)
        {
            case '(': return ParseGroup();
            case '[': return new PatternNode.One(ParseClass());
            case '\\': return ParseEscape();
            case '*' or '+' or '?': throw new PatternSyntaxException($"missing argument to repetition operator: `{c}`");
            case '{' when TryCounts(out _, out _): throw new PatternSyntaxException($"missing argument to repetition operator: `{pattern[start.._at]}`");
            case '.':
                _at++;
                return new PatternNode.One((_flags & Flags.DotTakesAll) != 0 ? new RuneSet().Add(0, RuneSet.RuneMax) : new RuneSet { IsNegated = true }.Add('\n', '\n'));
            case '^':
                _at++;
                return new PatternNode.At((_flags & Flags.Lines) != 0 ? Position.LineStart : Position.TextStart);
            case '$':
                _at++;
                return new PatternNode.At((_flags & Flags.Lines) != 0 ? Position.LineEnd : Position.TextEnd);
            default: return Literal(TakeRune());
        }
    }

    private PatternNode? ParseGroup()
    {
        int start = _at;
        _at++;
        var outer = _flags;
        if (TryTake("?P<") || TryTake("?<")) SkipName(start);
        else if (TryTake("?") && !ParseFlags(start)) return null;
        if (++_depth > NestingMax) throw new PatternSyntaxException($"expression nests too deeply: `{pattern}`");
        var node = ParseChoice();
        if (!TryTake(")")) throw new PatternSyntaxException($"missing closing ): `{pattern}`");
        _depth--;
        _flags = outer;
        return node;
    }

    private void SkipName(int start)
    {
        int end = Rest.IndexOf('>');
        bool isName = end > 0;
        for (int i = 0; isName && i < end; i++) isName = Rest[i] == '_' || char.IsAsciiLetterOrDigit(Rest[i]);
        if (!isName) throw new PatternSyntaxException($"invalid named capture: `{pattern[start..]}`");
        _at += end + 1;
    }

    // False when they are set for the rest of the group around, rather than for a group of their own.
    private bool ParseFlags(int start)
    {
        bool isSetting = true;
        while (!IsAtEnd)
        {
            char c = pattern[_at++];
            switch (c)
            {
                case 'i': Set(Flags.IgnoreCase, isSetting); continue;
                case 'm': Set(Flags.Lines, isSetting); continue;
                case 's': Set(Flags.DotTakesAll, isSetting); continue;
                case 'U': continue;                             // who takes more makes no difference to whether it matches
                case '-' when isSetting: isSetting = false; continue;
                case ':': return true;
                case ')': return false;
            }
            break;
        }
        throw new PatternSyntaxException($"invalid or unsupported Perl syntax: `{pattern[start.._at]}`");
    }

    private void Set(Flags flag, bool isSetting) => _flags = isSetting ? _flags | flag : _flags & ~flag;

    private PatternNode ParseRepeats(PatternNode part)
    {
        int start = _at;
        if (!TryRepeat(out int min, out int max)) return part;
        TryTake("?");
        int end = _at;
        if (TryRepeat(out _, out _)) throw new PatternSyntaxException($"invalid nested repetition operator: `{pattern[start.._at]}`");
        _at = end;
        return new PatternNode.Repeat(part, min, max);
    }

    private bool TryRepeat(out int min, out int max)
    {
        (min, max) = (0, -1);
        if (TryTake("*")) return true;
        if (TryTake("+")) return (min = 1) > 0;
        if (TryTake("?")) return (max = 1) > 0;
        return TryCounts(out min, out max);
    }

    // What looks like counts and is none stands for itself.
    private bool TryCounts(out int min, out int max)
    {
        (min, max) = (0, -1);
        int start = _at;
        if (!TryTake("{") || !TryNumber(out min))
        {
            _at = start;
            return false;
        }
        if (!TryTake(",")) max = min;
        else if (!TryNumber(out max)) max = -1;
        if (!TryTake("}"))
        {
            _at = start;
            return false;
        }
        if (min > RepeatMax || max > RepeatMax || (max >= 0 && min > max)) throw new PatternSyntaxException($"invalid repeat count: `{pattern[start.._at]}`");
        return true;
    }

    private bool TryNumber(out int number)
    {
        int end = Rest.IndexOfAnyExceptInRange('0', '9');
        var digits = end < 0 ? Rest : Rest[..end];
        number = 0;
        if (digits.IsEmpty || (digits.Length > 1 && digits[0] == '0')) return false;
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number)) number = int.MaxValue;
        _at += digits.Length;
        return true;
    }

    private void ParseQuoted(List<PatternNode> parts)
    {
        _at += 2;
        while (!IsAtEnd && !Rest.StartsWith(@"\E"))
        {
            var literal = Literal(TakeRune());
            bool isLast = IsAtEnd || Rest.StartsWith(@"\E");
            if (isLast) TryTake(@"\E");
            parts.Add(isLast ? ParseRepeats(literal) : literal);
            if (isLast) return;
        }
        TryTake(@"\E");
    }

    private PatternNode.One Literal(int rune) => new(new RuneSet { IgnoresCase = (_flags & Flags.IgnoreCase) != 0 }.Add(rune, rune));

    private int TakeRune()
    {
        Rune.DecodeFromUtf16(Rest, out var rune, out int taken);
        _at += taken;
        return rune.Value;
    }

    private bool TryTake(string text)
    {
        if (!Rest.StartsWith(text, StringComparison.Ordinal)) return false;
        _at += text.Length;
        return true;
    }
}
