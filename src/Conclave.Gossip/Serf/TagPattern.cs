using Conclave.Core.Patterns;

namespace Conclave.Gossip.Serf;

/// <summary>Regular expressions of query filters, which come from the network. One that is too long, not understood or too large matches nothing.</summary>
internal static class TagPattern
{
    /// <summary>Longest expression in characters.</summary>
    public const int LengthMax = 256;

    public static bool IsMatch(string pattern, string text) => pattern.Length <= LengthMax && LinearPattern.TryParse(pattern, out var parsed, out _) && parsed.IsMatch(text);
}
