namespace Conclave.Core.Patterns;

/// <summary>
/// A regular expression in RE2's syntax that may come from anybody: reading it and matching it take time and memory in proportion to its size and the
/// text's, whatever it says. All its possibilities go through the text together, character by character; nothing is tried twice. Tells whether it
/// matches somewhere, not where. Good on any thread.
/// </summary>
/// <remarks>
/// As RE2: ASCII in <c>\d \w \s \b</c>, <c>$</c> at the end of the text only, no look-around, no references back. Not known: Unicode scripts (<c>\p{Greek}</c>). Upper and
/// lower case are equal under <c>(?i)</c> as the invariant culture has it. The base library's engine without backtracking is not used because large
/// counts make it build automata of a size that is not bounded: one line of forty characters occupied it for half a minute.
/// </remarks>
public sealed class LinearPattern
{
    /// <summary>Longest expression in characters.</summary>
    public const int LengthMax = 1024;

    /// <summary>Size of an expression with all counts written out: characters, branches, places.</summary>
    public const int StepsMax = 2048;

    private readonly PatternInstruction[] _steps;

    // Kept for the next text, so that matching one after the other allocates nothing; threads that come together make their own.
    private PatternMachine? _spare;

    private LinearPattern(PatternInstruction[] steps) => _steps = steps;

    /// <summary>Reads an expression; false, with the text Go has for it, for what is none or too large.</summary>
    public static bool TryParse(string pattern, out LinearPattern parsed, out string error)
    {
        parsed = null!;
        error = "";
        try
        {
            if (pattern.Length > LengthMax) throw new PatternSyntaxException("expression too large");
            parsed = new LinearPattern(PatternProgram.Compile(new PatternParser(pattern).Parse()));
            return true;
        }
        catch (PatternSyntaxException refused)
        {
            error = refused.Message;
            return false;
        }
    }

    /// <summary>Whether the expression matches somewhere in the text.</summary>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        var machine = Interlocked.Exchange(ref _spare, null) ?? new PatternMachine(_steps);
        bool isMatch = machine.Run(text);
        Volatile.Write(ref _spare, machine);
        return isMatch;
    }
}
