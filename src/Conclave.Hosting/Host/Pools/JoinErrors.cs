using System.Globalization;
using System.Text;

namespace Conclave.Hosting.Pools;

/// <summary>What went wrong with the addresses of a join, one by one, in the form that clients know.</summary>
internal static class JoinErrors
{
    private const string ItemMark = "\t* ";

    /// <summary>Makes one text of lines, some of which may have that form already.</summary>
    public static string Format(string lines)
    {
        var errors = new List<string>();
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (!line.EndsWith(" occurred:", StringComparison.Ordinal)) errors.Add(line.StartsWith(ItemMark, StringComparison.Ordinal) ? line[ItemMark.Length..] : line);
        var text = new StringBuilder(errors.Count == 1 ? "1 error occurred:\n" : string.Create(CultureInfo.InvariantCulture, $"{errors.Count} errors occurred:\n"));
        foreach (string error in errors) text.Append(ItemMark).Append(error).Append('\n');
        return text.Append('\n').ToString();
    }
}
