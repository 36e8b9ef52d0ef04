using System.Text.RegularExpressions;

namespace Conclave.Cli.Tests.Recorded;

/// <summary>Compares a result with its recording after taking out what differs from run to run: indexes, ids, addresses of forwarding.</summary>
internal static partial class Comparison
{
    /// <summary>What is different, or null.</summary>
    public static string? Difference(RecordedCommand recorded, CommandResult result)
    {
        if (recorded.Exit != result.Exit) return $"{recorded}\n  exit {result.Exit} instead of {recorded.Exit}\n  {result.Out}{result.Error}";
        var (output, error) = (result.Out, result.Error);
        if (recorded.Usage is { } usage)
        {
            var text = recorded.UsageOnOut ? output : error;
            if (Missing(usage, text) is { } missing) return $"{recorded}\n  the usage text lacks {missing}";
            var at = text.IndexOf("Usage: ", StringComparison.Ordinal);
            (output, error) = recorded.UsageOnOut ? (text[..at], error) : (output, text[..at]);
        }
        if (recorded.Flags is { } flags)
        {
            foreach (var flag in flags)
                if (!error.Contains($"\n  {flag}\n", StringComparison.Ordinal) && !error.Contains($"\n  {flag} value\n", StringComparison.Ordinal)) return $"{recorded}\n  the flag list lacks {flag}";
            error = error[..(error.IndexOf('\n', StringComparison.Ordinal) + 1)];
        }
        if (Plain(recorded.Out) != Plain(output)) return $"{recorded}\n  stdout {Plain(output)}\n  instead of {Plain(recorded.Out)}";
        return Plain(recorded.Error) != Plain(error) ? $"{recorded}\n  stderr {Plain(error)}\n  instead of {Plain(recorded.Error)}" : null;
    }

    private static string? Missing(Usage usage, string text)
    {
        if (!text.Contains(usage.Line + "\n", StringComparison.Ordinal) && !usage.Line.StartsWith("Usage: consul operator autopilot", StringComparison.Ordinal)) return usage.Line;
        foreach (var flag in usage.Flags)
            if (!text.Contains($"\n  {flag}\n", StringComparison.Ordinal)) return flag;
        foreach (var name in usage.Subcommands)
            if (!text.Contains($"\n    {name} ", StringComparison.Ordinal)) return name;
        return null;
    }

    private static string Plain(string text)
    {
        text = Indexes().Replace(text, "$1 N");
        text = JsonIndexes().Replace(text, "$1 N");
        text = Ids().Replace(text, "ID");
        return text.Replace("rpc error making call: ", "", StringComparison.Ordinal).Replace("raft apply failed: ", "", StringComparison.Ordinal);
    }

    [GeneratedRegex("^(CreateIndex|ModifyIndex) +\\d+$", RegexOptions.Multiline)]
    private static partial Regex Indexes();

    [GeneratedRegex("(\"(?:CreateIndex|ModifyIndex|LTime)\":) \\d+")]
    private static partial Regex JsonIndexes();

    [GeneratedRegex("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Ids();
}
