using System.Text;
using System.Text.RegularExpressions;

namespace Conclave.Gossip.Serf;

/// <summary>
/// Regular expressions of query filters, which come from the network and are written in RE2's syntax. Matched without backtracking, in time linear in the
/// text; an expression that is too long, not understood or too large once compiled matches nothing.
/// </summary>
/// <remarks>
/// What RE2 writes in another way or means in another way is rewritten: <c>$</c> (the end, not before a last line break), <c>\d \w \s</c> and their opposites
/// (ASCII only), <c>[[:alpha:]]</c> and its like, <c>(?P&lt;name&gt;</c>, <c>\z</c>, <c>\Q…\E</c>. Differences that stay: the flags <c>U</c> and, for <c>$</c>, <c>m</c>; <c>\pN</c> without
/// braces; <c>\b</c> next to letters outside ASCII; case-insensitive matching outside ASCII; ASCII classes negated within brackets. They match nothing, or
/// differently in texts that tags rarely have.
/// </remarks>
internal static class TagPattern
{
    /// <summary>Longest expression in characters.</summary>
    public const int LengthMax = 256;

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    // In the order of their names; the names are those of RE2's documentation.
    private static readonly (string Name, string Class)[] s_classes =
    [
        ("alnum", "0-9A-Za-z"), ("alpha", "A-Za-z"), ("ascii", @"\x00-\x7F"), ("blank", @"\t "), ("cntrl", @"\x00-\x1F\x7F"), ("digit", "0-9"), ("graph", "!-~"),
        ("lower", "a-z"), ("print", " -~"), ("punct", @"!-/:-@\[-`{-~"), ("space", @"\t\n\v\f\r "), ("upper", "A-Z"), ("word", "0-9A-Za-z_"), ("xdigit", "0-9A-Fa-f"),
    ];

    public static bool IsMatch(string pattern, string text)
    {
        if (pattern.Length > LengthMax) return false;
        try
        {
            return Translate(pattern) is { } translated && new Regex(translated, Options).IsMatch(text);
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException)
        {
            return false;                                       // not understood, or too large to be matched without backtracking
        }
    }

    private static string? Translate(string pattern)
    {
        var output = new StringBuilder();
        bool isInClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (rest[0] == '\\')
            {
                int taken = TranslateEscape(rest, isInClass, output);
                if (taken == 0) return null;
                i += taken - 1;
            }
            else if (isInClass && rest.StartsWith("[:"))
            {
                int taken = TranslateNamedClass(rest, output);
                if (taken == 0) return null;
                i += taken - 1;
            }
            else if (!isInClass && rest.StartsWith("(?P<"))
            {
                output.Append("(?<");
                i += 3;
            }
            else
            {
                bool wasInClass = isInClass;
                isInClass = TranslatePlain(rest[0], isInClass, output);
                // A bracket that comes first in a class stands for itself.
                if (isInClass && !wasInClass) i += TranslateClassStart(pattern.AsSpan(i + 1), output);
            }
        }
        return output.ToString();
    }

    private static bool TranslatePlain(char c, bool isInClass, StringBuilder output)
    {
        if (!isInClass)
        {
            output.Append(c == '$' ? @"\z" : c.ToString());
            return c == '[';
        }
        // An inner bracket is plain in RE2; in .NET it could begin a subtraction.
        output.Append(c == '[' ? @"\[" : c.ToString());
        return c != ']';
    }

    private static int TranslateClassStart(ReadOnlySpan<char> rest, StringBuilder output)
    {
        int taken = 0;
        if (rest.StartsWith("^"))
        {
            output.Append('^');
            taken = 1;
        }
        if (!rest[taken..].StartsWith("]")) return taken;
        output.Append(@"\]");
        return taken + 1;
    }

    private static int TranslateNamedClass(ReadOnlySpan<char> rest, StringBuilder output)
    {
        foreach (var (name, characters) in s_classes)
        {
            if (!rest[2..].StartsWith(name) || !rest[(2 + name.Length)..].StartsWith(":]")) continue;
            output.Append(characters);
            return name.Length + 4;
        }
        return 0;
    }

    // Returns how many characters were taken; zero for what is not understood.
    private static int TranslateEscape(ReadOnlySpan<char> rest, bool isInClass, StringBuilder output)
    {
        if (rest.Length < 2) return 0;
        switch (rest[1])
        {
            case 'd': output.Append(isInClass ? "0-9" : "[0-9]"); return 2;
            case 'w': output.Append(isInClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]"); return 2;
            case 's': output.Append(isInClass ? @"\t\n\f\r " : @"[\t\n\f\r ]"); return 2;
            case 'D' when !isInClass: output.Append("[^0-9]"); return 2;
            case 'W' when !isInClass: output.Append("[^0-9A-Za-z_]"); return 2;
            case 'S' when !isInClass: output.Append(@"[^\t\n\f\r ]"); return 2;
            case 'D' or 'W' or 'S' or 'Z' or 'G' or 'k': return 0;
            case 'Q' when !isInClass: return TranslateQuoted(rest, output);
            default: output.Append(rest[..2]); return 2;
        }
    }

    private static int TranslateQuoted(ReadOnlySpan<char> rest, StringBuilder output)
    {
        int end = rest.IndexOf(@"\E");
        output.Append(Regex.Escape((end < 0 ? rest[2..] : rest[2..end]).ToString()));
        return end < 0 ? rest.Length : end + 2;
    }
}
