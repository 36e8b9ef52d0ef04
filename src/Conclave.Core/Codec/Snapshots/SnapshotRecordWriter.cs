using System.Buffers;
using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Writes a snapshot's state stream: a header, then records without count or terminator. A service or check must follow its node.</summary>
public static class SnapshotRecordWriter
{
    /// <summary>Starts the stream. <paramref name="lastIndex"/> is the index of the last applied entry.</summary>
    public static void WriteHeader(IBufferWriter<byte> output, ulong lastIndex)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteMapHeader(1);
        writer.WriteField("LastIndex"u8, lastIndex);
        writer.Flush();
    }

    /// <summary>Appends a record.</summary>
    public static void Write(IBufferWriter<byte> output, in SnapshotRecord record)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)record.Type);
        switch (record.Type)
        {
            case CommandType.Register: RegisterRequestCodec.Write(ref writer, record.Register!, token: ""); break;
            case CommandType.KVS: KvEntryCodec.Write(ref writer, record.Kv!); break;
            case CommandType.Session: SessionCodec.Write(ref writer, record.Session!); break;
            case CommandType.Tombstone: KvEntryCodec.Write(ref writer, record.Tombstone!); break;
            case CommandType.CoordinateBatchUpdate: CoordinateCodec.WriteBatch(ref writer, record.Coordinates!); break;
            case CommandType.Autopilot: AutopilotConfigCodec.Write(ref writer, record.Autopilot!); break;
            case CommandType.Index: WriteIndex(ref writer, record.IndexKey!, record.Index); break;
            case CommandType.ChunkingState: ChunkStateCodec.Write(ref writer, record.Chunks!); break;
            default: writer.WriteRaw(record.Opaque); break;
        }
        writer.Flush();
    }

    private static void WriteIndex(ref MsgPackWriter writer, string key, ulong index)
    {
        writer.WriteMapHeader(2);
        writer.WriteField("Key"u8, key);
        writer.WriteField("Value"u8, index);
    }
}
