using Conclave.Core.Codec;

namespace Conclave.Gossip.Codec;

/// <summary>A text in a list.</summary>
internal readonly ref struct TextElement(ReadOnlySpan<byte> utf8) : IGossipValue<TextElement>
{
    public ReadOnlySpan<byte> Utf8 { get; } = utf8;

    public static TextElement Read(scoped ref MsgPackReader reader) => new(reader.ReadTextSpan());

    public void Write(ref MsgPackWriter writer) => writer.Write(Utf8);
}

/// <summary>Bytes in a list.</summary>
internal readonly ref struct BytesElement(GossipBytes bytes) : IGossipValue<BytesElement>
{
    public GossipBytes Bytes { get; } = bytes;

    public static BytesElement Read(scoped ref MsgPackReader reader) => new(GossipValues.ReadBytes(ref reader));

    public void Write(ref MsgPackWriter writer) => GossipValues.Write(ref writer, Bytes);
}

/// <summary>A number of 64 bits in a list.</summary>
internal readonly struct FloatElement(double value) : IGossipValue<FloatElement>
{
    public double Value { get; } = value;

    public static FloatElement Read(scoped ref MsgPackReader reader) => new(reader.TryReadNil() ? 0 : reader.ReadDouble());

    public void Write(ref MsgPackWriter writer) => writer.Write(Value);
}

/// <summary>A pair of texts in a map.</summary>
internal readonly ref struct TagElement(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) : IGossipValue<TagElement>
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Value { get; } = value;

    public static TagElement Read(scoped ref MsgPackReader reader) => new(reader.ReadKey(), reader.ReadTextSpan());

    public void Write(ref MsgPackWriter writer)
    {
        writer.Write(Name);
        writer.Write(Value);
    }
}

/// <summary>A member and the time of its status in a map.</summary>
internal readonly ref struct StatusTime(ReadOnlySpan<byte> node, ulong lTime) : IGossipValue<StatusTime>
{
    public ReadOnlySpan<byte> Node { get; } = node;

    public ulong LTime { get; } = lTime;

    public static StatusTime Read(scoped ref MsgPackReader reader) => new(reader.ReadKey(), reader.ReadUInt64());

    public void Write(ref MsgPackWriter writer)
    {
        writer.Write(Node);
        writer.Write(LTime);
    }
}
