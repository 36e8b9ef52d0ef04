using System.Globalization;
using System.Text;

namespace Conclave.Hosting.Pools;

/// <summary>What went wrong with the addresses of a join, one by one, in the form that clients know.</summary>
internal static class JoinErrors
{
    /// <summary>Makes one text of lines.</summary>
    public static string Format(string lines)
    {
        var errors = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var text = new StringBuilder(errors.Length == 1 ? "1 error occurred:\n" : string.Create(CultureInfo.InvariantCulture, $"{errors.Length} errors occurred:\n"));
        foreach (string error in errors) text.Append("\t* ").Append(error).Append('\n');
        return text.Append('\n').ToString();
    }
}
