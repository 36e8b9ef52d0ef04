namespace Conclave.Node.Requests;

/// <summary>The text form of a UUID: 8-4-4-4-12 hexadecimal digits.</summary>
public static class Uuid
{
    /// <summary>Null when <paramref name="text"/> is a UUID, else what is wrong, in Consul's words.</summary>
    public static string? Refuse(string text)
    {
        if (text.Length != 36) return "uuid string is wrong length";
        for (int i = 0; i < text.Length; i++)
        {
            bool dashPlace = i is 8 or 13 or 18 or 23;
            if (dashPlace != (text[i] == '-') || (!dashPlace && !char.IsAsciiHexDigit(text[i]))) return "uuid is improperly formatted";
        }
        return null;
    }
}
