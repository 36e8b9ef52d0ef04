using System.Text;

namespace Conclave.Cli.Text;

/// <summary>Tables: every column as wide as its widest cell, a gap between columns, nothing after the last.</summary>
internal static class Columns
{
    private const int Gap = 2;

    /// <summary>The rows as lines, each with a line end; the first row is the header.</summary>
    public static string Format(IReadOnlyList<string[]> rows)
    {
        var widths = new List<int>();
        foreach (var row in rows)
            for (var i = 0; i < row.Length; i++)
                if (i == widths.Count) widths.Add(row[i].Length);
                else widths[i] = Math.Max(widths[i], row[i].Length);
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
                text.Append(i == row.Length - 1 ? row[i] : row[i].PadRight(widths[i] + Gap));
            text.Append('\n');
        }
        return text.ToString();
    }
}
