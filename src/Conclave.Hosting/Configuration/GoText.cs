using System.Text;

namespace Conclave.Hosting.Configuration;

/// <summary>Messages in the form that the peers give them.</summary>
internal static class GoText
{
    /// <summary>Several errors as one message.</summary>
    public static string Errors(IReadOnlyList<string> errors)
    {
        var text = new StringBuilder(errors.Count == 1 ? "1 error occurred:" : $"{errors.Count} errors occurred:");
        foreach (var error in errors) text.Append("\n\t* ").Append(error);
        return text.Append("\n\n").ToString();
    }
}
