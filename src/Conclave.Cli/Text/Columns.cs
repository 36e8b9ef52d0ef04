using System.Text;

namespace Conclave.Cli.Text;

/// <summary>Tables: every column as wide as its widest cell, a gap between columns, nothing after the last.</summary>
internal static class Columns
{
    private const int Gap = 2;

    /// <summary>The rows as lines, each with a line end; the first row is the header.</summary>
    /// <param name="rows">Cells; rows may be of different length.</param>
    /// <param name="gap">Blanks between the widest cell of a column and the next column.</param>
    public static string Format(IReadOnlyList<string[]> rows, int gap = Gap)
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
                text.Append(i == row.Length - 1 ? row[i] : row[i].PadRight(widths[i] + gap));
            text.Append('\n');
        }
        return text.ToString();
    }
}
