using System.Text.RegularExpressions;

namespace Conclave.Cli.Text;

/// <summary>Patterns that an operator gives to a verb.</summary>
internal static class Patterns
{
    /// <summary>Compiles a pattern; what is wrong with it is said in the words that scripts know.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="what">What it is for, as the message names it: <c>status</c>.</param>
    /// <param name="compiled">The pattern, ready to match in time proportional to the text; null when it is wrong.</param>
    /// <returns>The message, or null.</returns>
    public static string? Compile(string pattern, string what, out Regex? compiled)
    {
        compiled = null;
        try
        {
            compiled = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            return null;
        }
        catch (RegexParseException error)
        {
            return $"Failed to compile {what} regexp: error parsing regexp: {Reason(error)}: `{pattern}`";
        }
        catch (NotSupportedException)
        {
            // Patterns that only backtracking could match.
            return $"Failed to compile {what} regexp: error parsing regexp: invalid or unsupported Perl syntax: `{pattern}`";
        }
    }

    /// <summary>Checks the filters that events and remote execution have in common; returns what is wrong with the first one that is, or null.</summary>
    public static string? FaultOfFilters(string node, string service, string tag) =>
        FaultOf(node, "node") ?? FaultOf(service, "service") ?? (tag.Length > 0 && service.Length == 0 ? "Cannot provide tag filter without service filter." : FaultOf(tag, "tag"));

    private static string? FaultOf(string pattern, string of) => pattern.Length == 0 ? null : Compile(pattern, of + " filter", out _);

    private static string Reason(RegexParseException error) => error.Error switch
    {
        RegexParseError.InsufficientClosingParentheses => "missing closing )",
        RegexParseError.InsufficientOpeningParentheses => "unexpected )",
        RegexParseError.UnterminatedBracket => "missing closing ]",
        RegexParseError.QuantifierAfterNothing => "missing argument to repetition operator",
        _ => error.Message,
    };
}
