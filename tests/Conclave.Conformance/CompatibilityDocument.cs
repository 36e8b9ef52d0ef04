namespace Conclave.Conformance;

/// <summary>Reads the tables of <c>docs/compatibility.md</c>.</summary>
internal static class CompatibilityDocument
{
    /// <summary>Cells of each row of the table below a heading of the second level, without its head.</summary>
    public static IEnumerable<string[]> Rows(string heading)
    {
        var lines = File.ReadAllLines(Path.Combine(Tests.Vectors.Root, "docs", "compatibility.md"));
        var start = Array.IndexOf(lines, $"## {heading}");
        if (start < 0) throw new InvalidDataException($"docs/compatibility.md has no section {heading}.");
        return lines.Skip(start + 1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith('|')).Skip(2)
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries));
    }
}
