using System.Globalization;
using System.Text;

namespace Conclave.Hosting.Configuration;

/// <summary>Text as Go's error messages quote it.</summary>
internal static class GoText
{
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
            switch (character)
            {
                case '"' or '\\': quoted.Append('\\').Append(character); break;
                case '\n': quoted.Append("\\n"); break;
                case '\r': quoted.Append("\\r"); break;
                case '\t': quoted.Append("\\t"); break;
                case < ' ' or '\x7f': quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"); break;
                default: quoted.Append(character); break;
            }
        return quoted.Append('"').ToString();
    }

    /// <summary>Several errors as one message.</summary>
    public static string Errors(IReadOnlyList<string> errors)
    {
        var text = new StringBuilder(errors.Count == 1 ? "1 error occurred:" : $"{errors.Count} errors occurred:");
        foreach (var error in errors) text.Append("\n\t* ").Append(error);
        return text.Append("\n\n").ToString();
    }
}
