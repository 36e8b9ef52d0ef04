using Conclave.Core.Model;

namespace Conclave.Core.Codec;

// Name and value in one call: message types read as the tables they are.
public ref partial struct MsgPackWriter
{
    /// <summary>A field of text; null is written as the empty text.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, string? value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of bytes or UTF-8.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of a whole number.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, ulong value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of a whole number.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, long value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of a float.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, double value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of a truth value.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, bool value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of a list of texts; nil when null.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, IReadOnlyList<string>? value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A field of a map of texts, sorted by key; nil when null.</summary>
    public void WriteField(scoped ReadOnlySpan<byte> name, IReadOnlyDictionary<string, string>? value)
    {
        WriteKey(name);
        Write(value);
    }

    /// <summary>A list of texts; nil when null.</summary>
    public void Write(IReadOnlyList<string>? texts)
    {
        if (texts is null)
        {
            WriteNil();
            return;
        }
        WriteArrayHeader(texts.Count);
        for (int i = 0; i < texts.Count; i++) Write(texts[i]);
    }

    /// <summary>A map of texts, sorted by key; nil when null.</summary>
    public void Write(IReadOnlyDictionary<string, string>? map)
    {
        if (map is null)
        {
            WriteNil();
            return;
        }
        var sorted = TextMap<string>.From(map);
        WriteMapHeader(sorted.Count);
        for (int i = 0; i < sorted.Count; i++)
        {
            Write(sorted.KeyAt(i));
            Write(sorted.ValueAt(i));
        }
    }
}
