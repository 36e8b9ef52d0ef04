using System.Globalization;

namespace Conclave.Core.Patterns;

/// <summary>Sets of characters that have names in RE2's syntax.</summary>
internal static class RuneClasses
{
    public static readonly (int From, int To)[] Digits = [('0', '9')];
    public static readonly (int From, int To)[] Words = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    public static readonly (int From, int To)[] Spaces = [('\t', '\n'), ('\f', '\r'), (' ', ' ')];

    private static readonly Dictionary<string, (int From, int To)[]> s_named = new(StringComparer.Ordinal)
    {
        ["alnum"] = [('0', '9'), ('A', 'Z'), ('a', 'z')],
        ["alpha"] = [('A', 'Z'), ('a', 'z')],
        ["ascii"] = [(0, 0x7f)],
        ["blank"] = [('\t', '\t'), (' ', ' ')],
        ["cntrl"] = [(0, 0x1f), (0x7f, 0x7f)],
        ["digit"] = Digits,
        ["graph"] = [('!', '~')],
        ["lower"] = [('a', 'z')],
        ["print"] = [(' ', '~')],
        ["punct"] = [('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        ["space"] = [('\t', '\r'), (' ', ' ')],
        ["upper"] = [('A', 'Z')],
        ["word"] = Words,
        ["xdigit"] = [('0', '9'), ('A', 'F'), ('a', 'f')],
    };

    // In the order of UnicodeCategory, whose numbers are the bits of a set of categories.
    private static readonly string[] s_categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    /// <summary>The ranges of a class such as <c>alpha</c>.</summary>
    public static bool TryGet(string name, out (int From, int To)[] ranges) => s_named.TryGetValue(name, out ranges!);

    /// <summary>The categories with this name, of one letter or two. Scripts are not known.</summary>
    public static bool TryGetCategories(ReadOnlySpan<char> name, out uint categories)
    {
        categories = 0;
        if (name is "Any")
        {
            categories = uint.MaxValue;
            return true;
        }
        if (name.Length is not (1 or 2)) return false;
        for (int i = 0; i <= (int)UnicodeCategory.OtherNotAssigned; i++)
            if (s_categories[i].AsSpan().StartsWith(name, StringComparison.Ordinal)) categories |= 1u << i;
        return categories != 0;
    }
}
