using System.Text;
using System.Text.Json;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Files;

/// <summary>Keyring files: a JSON list of keys in base64, the primary one first.</summary>
public static class KeyringFile
{
    /// <summary>Reads a file; the caller owns the keyring.</summary>
    /// <exception cref="GossipFormatException">No list of keys, none in it, or too many.</exception>
    public static Keyring Parse(ReadOnlySpan<byte> json)
    {
        if (json.Length > GossipLimits.KeyringFileBytesMax) GossipFormatException.Throw("a keyring file beyond the bound");
        var keys = ReadTexts(json);
        if (keys.Count == 0) GossipFormatException.Throw("a keyring file without keys");
        Keyring? keyring = null;
        try
        {
            foreach (string text in keys) Add(ref keyring, text);
        }
        catch (GossipFormatException)
        {
            keyring?.Dispose();
            throw;
        }
        return keyring!;
    }

    /// <summary>Writes a keyring as peers do after a change: two spaces of indentation, no line break at the end.</summary>
    public static byte[] Format(Keyring keyring)
    {
        // Base64 needs no escaping in JSON; the general writer would escape the plus sign, which peers do not.
        var text = new StringBuilder("[\n");
        for (int i = 0; i < keyring.Keys.Count; i++) text.Append(i == 0 ? "  \"" : ",\n  \"").Append(keyring.Keys[i].ToBase64()).Append('"');
        return Encoding.ASCII.GetBytes(text.Append("\n]").ToString());
    }

    /// <summary>Writes a keyring of one key as peers create it from their configuration: no white space.</summary>
    public static byte[] FormatNew(GossipKey key) => Encoding.ASCII.GetBytes($"[\"{key.ToBase64()}\"]");

    private static void Add(ref Keyring? keyring, string base64)
    {
        var key = GossipKey.Parse(base64);
        if (keyring is null)
        {
            keyring = new(key);
            return;
        }
        using (key)
            if (!keyring.TryInstall(key.Bytes)) GossipFormatException.Throw("too many keys");
    }

    private static List<string> ReadTexts(ReadOnlySpan<byte> json)
    {
        var texts = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) GossipFormatException.Throw("a keyring file that is no list");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.String) GossipFormatException.Throw("a keyring file with something else than texts");
                if (texts.Count == GossipLimits.KeysMax) GossipFormatException.Throw("too many keys");
                texts.Add(reader.GetString()!);
            }
            if (reader.TokenType != JsonTokenType.EndArray) GossipFormatException.Throw("a keyring file that ends early");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            GossipFormatException.Throw("a keyring file that is no JSON");       // the parser's own text could quote a key
        }
        return texts;
    }
}
