using System.Text;

namespace Conclave.Agent.Checks;

/// <summary>Bounds of check output.</summary>
public static class CheckOutput
{
    /// <summary>The first <paramref name="max"/> bytes of a reported output, with a note of how much there was; unchanged when it fits.</summary>
    public static string Cut(string output, int max)
    {
        if (output.Length <= max / 3) return output;           // a UTF-16 unit is at most three bytes
        int total = Encoding.UTF8.GetByteCount(output);
        if (total <= max) return output;
        int chars = 0, bytes = 0;
        foreach (var rune in output.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > max) break;
            bytes += rune.Utf8SequenceLength;
            chars += rune.Utf16SequenceLength;
        }
        return $"{output.AsSpan(0, chars)} ... (captured {bytes} of {total} bytes)";
    }
}
