using System.Globalization;
using System.Text;

namespace Conclave.Core.Patterns;

/// <summary>Characters that one place of a pattern accepts: ranges of code points and Unicode categories.</summary>
internal sealed class RuneSet
{
    public const int RuneMax = 0x10ffff;

    private readonly List<(int From, int To)> _ranges = [];

    // One bit for each category; a character is in exactly one.
    private uint _categories;

    public bool IsNegated { get; set; }

    public bool IgnoresCase { get; set; }

    public RuneSet Add(int from, int to)
    {
        _ranges.Add((from, to));
        return this;
    }

    public void AddCategories(uint categories) => _categories |= categories;

    /// <summary>Adds a named set, or what is not in it.</summary>
    public void AddNamed(ReadOnlySpan<(int From, int To)> ranges, bool isNegated)
    {
        if (!isNegated)
        {
            _ranges.AddRange(ranges);
            return;
        }
        int next = 0;
        foreach (var (from, to) in ranges)
        {
            if (from > next) _ranges.Add((next, from - 1));
            next = to + 1;
        }
        if (next <= RuneMax) _ranges.Add((next, RuneMax));
    }

    public bool Accepts(Rune rune)
    {
        bool isIn = Contains(rune);
        if (IgnoresCase && !isIn) isIn = Contains(Rune.ToUpperInvariant(rune)) || Contains(Rune.ToLowerInvariant(rune));
        return isIn != IsNegated;
    }

    private bool Contains(Rune rune)
    {
        foreach (var (from, to) in _ranges)
            if (rune.Value >= from && rune.Value <= to) return true;
        return _categories != 0 && (_categories & (1u << (int)CategoryOf(rune))) != 0;
    }

    private static UnicodeCategory CategoryOf(Rune rune) => Rune.GetUnicodeCategory(rune);
}
