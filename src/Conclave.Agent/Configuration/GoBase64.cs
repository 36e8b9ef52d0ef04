namespace Conclave.Agent.Configuration;

/// <summary>Standard base64 with Go's idea of where bad input begins, because that offset is part of error texts.</summary>
public static class GoBase64
{
    /// <summary>Decodes padded base64; line breaks are skipped.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The bytes, or empty.</param>
    /// <param name="errorOffset">Where the input is illegal; 0 when it is fine.</param>
    public static bool TryDecode(string text, out byte[] bytes, out int errorOffset)
    {
        errorOffset = 0;
        bytes = [];
        var output = new List<byte>(text.Length / 4 * 3 + 3);
        var (quantum, digits, at) = (0, 0, 0);
        for (; at < text.Length; at++)
        {
            var character = text[at];
            if (character is '\r' or '\n') continue;
            if (character == '=') break;
            var digit = Digit(character);
            if (digit < 0) return Illegal(at, out errorOffset);
            quantum = (quantum << 6) | digit;
            if (++digits < 4) continue;
            output.Add((byte)(quantum >> 16));
            output.Add((byte)(quantum >> 8));
            output.Add((byte)quantum);
            (quantum, digits) = (0, 0);
        }
        if (!TryFinish(text, at, digits, out errorOffset)) return false;
        if (digits >= 2) output.Add((byte)(quantum >> (digits == 2 ? 4 : 10)));
        if (digits == 3) output.Add((byte)(quantum >> 2));
        bytes = [.. output];
        return true;
    }

    private static bool TryFinish(string text, int at, int digits, out int errorOffset)
    {
        if (at >= text.Length) return digits == 0 ? Fine(out errorOffset) : Illegal(text.Length - digits, out errorOffset);
        if (digits < 2) return Illegal(at, out errorOffset);
        var padding = 0;
        for (; at < text.Length; at++)
        {
            if (text[at] is '\r' or '\n') continue;
            if (text[at] != '=' || ++padding > 4 - digits) return Illegal(at, out errorOffset);
        }
        return padding == 4 - digits ? Fine(out errorOffset) : Illegal(text.Length, out errorOffset);
    }

    private static bool Fine(out int errorOffset)
    {
        errorOffset = 0;
        return true;
    }

    private static bool Illegal(int at, out int errorOffset)
    {
        errorOffset = at;
        return false;
    }

    private static int Digit(char character) => character switch
    {
        >= 'A' and <= 'Z' => character - 'A',
        >= 'a' and <= 'z' => character - 'a' + 26,
        >= '0' and <= '9' => character - '0' + 52,
        '+' => 62,
        '/' => 63,
        _ => -1,
    };
}
