using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Conclave.Hosting.Configuration;

/// <summary>Fingerprints of configuration values, the same for the same value in any process.</summary>
internal static class ConfigFingerprint
{
    /// <summary>The fingerprint of a value of the tree, on top of what the key was given before; 0 for nothing.</summary>
    public static ulong Of(object? value, ulong before)
    {
        var text = new StringBuilder().Append(before).Append('|');
        Write(text, value);
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Depth is bounded by the parsers.</summary>
    private static void Write(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null: text.Append("null"); break;
            case string word: text.Append(word.Length).Append(':').Append(word); break;
            case ConfigObject block: WriteFields(text, block); break;
            case List<object?> list: WriteItems(text, list); break;
            default: text.Append(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    private static void WriteFields(StringBuilder text, ConfigObject block)
    {
        text.Append('{');
        foreach (var (name, value) in block.Fields)
        {
            Write(text, name);
            text.Append('=');
            Write(text, value);
            text.Append(',');
        }
        text.Append('}');
    }

    private static void WriteItems(StringBuilder text, List<object?> list)
    {
        text.Append('[');
        foreach (var item in list)
        {
            Write(text, item);
            text.Append(',');
        }
        text.Append(']');
    }
}
