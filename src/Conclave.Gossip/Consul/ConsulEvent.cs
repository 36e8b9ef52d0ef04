using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Consul;

/// <summary>An event fired through the HTTP API: the payload of a Serf user event named <c>consul:event:NAME</c>.</summary>
/// <remarks>The only place in gossip that is written in the newer dialect of MessagePack.</remarks>
public sealed record ConsulEvent
{
    /// <summary>What stands before the event's name in the name of the user event.</summary>
    public const string NamePrefix = "consul:event:";

    private const byte Text8 = 0xd9, Bin8 = 0xc4, Bin16 = 0xc5, Bin32 = 0xc6;

    private static readonly FieldNames Fields = new("ID", "n", "p", "nf", "sf", "tf", "v");

    /// <summary>A UUID.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name of the event, without prefix.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the sender sends along.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Expression that the node's name must match; empty for all.</summary>
    public string NodeFilter { get; init; } = "";

    /// <summary>Expression that the name of one of its services must match; empty for all.</summary>
    public string ServiceFilter { get; init; } = "";

    /// <summary>Expression that a tag of that service must match; empty for all.</summary>
    public string TagFilter { get; init; } = "";

    /// <summary>Version of this form; 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Reads the payload of a user event.</summary>
    /// <exception cref="MsgPackException">Malformed: the event is to be dropped.</exception>
    /// <exception cref="GossipFormatException">Malformed: the event is to be dropped.</exception>
    public static ConsulEvent Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new MsgPackReader(payload);
        var fields = new FieldReader(ref reader, Fields);
        var read = new ConsulEvent { Version = 0 };
        while (fields.TryNext(ref reader, out int field))
            read = field switch
            {
                0 => read with { Id = reader.ReadText() },
                1 => read with { Name = reader.ReadText() },
                2 => read with { Payload = GossipValues.ReadBytes(ref reader).Span.ToArray() },
                3 => read with { NodeFilter = reader.ReadText() },
                4 => read with { ServiceFilter = reader.ReadText() },
                5 => read with { TagFilter = reader.ReadText() },
                _ => read with { Version = reader.ReadInt32() },
            };
        return read;
    }

    /// <summary>Writes the payload of a user event.</summary>
    public void EncodeTo(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        int optional = (Payload.IsEmpty ? 0 : 1) + (NodeFilter.Length > 0 ? 1 : 0) + (ServiceFilter.Length > 0 ? 1 : 0) + (TagFilter.Length > 0 ? 1 : 0);
        writer.WriteMapHeader(3 + optional);
        WriteText(ref writer, "ID"u8, Id);
        WriteText(ref writer, "n"u8, Name);
        if (NodeFilter.Length > 0) WriteText(ref writer, "nf"u8, NodeFilter);
        if (!Payload.IsEmpty) WriteBinary(ref writer, "p"u8, Payload.Span);
        if (ServiceFilter.Length > 0) WriteText(ref writer, "sf"u8, ServiceFilter);
        if (TagFilter.Length > 0) WriteText(ref writer, "tf"u8, TagFilter);
        writer.WriteField("v"u8, (long)Version);
        writer.Flush();
    }

    /// <summary>Equal by content, payload included.</summary>
    public bool Equals(ConsulEvent? other) =>
        other is not null && Id == other.Id && Name == other.Name && Payload.Span.SequenceEqual(other.Payload.Span) &&
        NodeFilter == other.NodeFilter && ServiceFilter == other.ServiceFilter && TagFilter == other.TagFilter && Version == other.Version;

    /// <inheritdoc/>
    public override int GetHashCode() => Payload.Length ^ Version ^ Id.Length << 16;

    private static void WriteText(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        writer.WriteKey(name);
        if (utf8.Length is <= 31 or > byte.MaxValue)
        {
            writer.Write(utf8);
            return;
        }
        writer.WriteRaw([Text8, (byte)utf8.Length]);
        writer.WriteRaw(utf8);
    }

    private static void WriteBinary(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> bytes)
    {
        writer.WriteKey(name);
        Span<byte> header = stackalloc byte[1 + sizeof(uint)];
        int headerBytes = bytes.Length switch { <= byte.MaxValue => 2, <= ushort.MaxValue => 3, _ => 5 };
        header[0] = headerBytes switch { 2 => Bin8, 3 => Bin16, _ => Bin32 };
        if (headerBytes == 2) header[1] = (byte)bytes.Length;
        else if (headerBytes == 3) BinaryPrimitives.WriteUInt16BigEndian(header[1..], (ushort)bytes.Length);
        else BinaryPrimitives.WriteInt32BigEndian(header[1..], bytes.Length);
        writer.WriteRaw(header[..headerBytes]);
        writer.WriteRaw(bytes);
    }
}
