using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>Writes a map of those fields only that are not zero, and counts them: the count stands before the fields, so a map is written twice.</summary>
/// <param name="fields">How many there are; 0 in the first turn.</param>
internal ref struct ArgumentWriter(int fields)
{
    /// <summary>Fields written so far.</summary>
    public int Written { get; private set; }

    public readonly void Begin(ref MsgPackWriter writer) => writer.WriteMapHeader(fields);

    /// <summary>Writes a name; its value must follow.</summary>
    public void Key(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name)
    {
        Written++;
        writer.WriteKey(name);
    }

    public void Always(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, string? value)
    {
        Key(ref writer, name);
        writer.Write(value);
    }

    public void Field(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) Always(ref writer, name, value);
    }

    public void Field(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, byte[] value)
    {
        if (value.Length == 0) return;
        Key(ref writer, name);
        writer.Write(value.AsSpan());
    }

    public void Field(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, bool value)
    {
        if (!value) return;
        Key(ref writer, name);
        writer.Write(true);
    }

    public void Field(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, long value)
    {
        if (value == 0) return;
        Key(ref writer, name);
        writer.Write(value);
    }

    public void Field(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, IReadOnlyList<string>? value)
    {
        if (value is null) return;
        Key(ref writer, name);
        writer.Write(value);
    }

    public void Field(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, TextMap<string>? value)
    {
        if (value is null) return;
        writer.WriteField(name, value);
        Written++;
    }
}
