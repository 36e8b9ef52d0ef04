using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Unfinished large commands as a snapshot holds them.</summary>
public static class ChunkStateCodec
{
    /// <summary>Writes the state; operations must be ordered by number.</summary>
    public static void Write(ref MsgPackWriter writer, ChunkState state)
    {
        writer.WriteMapHeader(1);
        writer.WriteKey("ChunkMap"u8);
        writer.WriteMapHeader(state.Operations.Count);
        foreach (var operation in state.Operations)
        {
            writer.Write(operation.OpNum);
            writer.WriteArrayHeader(operation.Chunks.Count);
            foreach (var chunk in operation.Chunks) WriteChunk(ref writer, chunk);
        }
    }

    /// <summary>Reads a state; nothing in it refers to the input.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static ChunkState Read(ref MsgPackReader reader)
    {
        var operations = new List<ChunkedOperation>();
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (!reader.ReadKey().SequenceEqual("ChunkMap"u8))
            {
                reader.Skip();
                continue;
            }
            for (int pairs = reader.ReadMapHeader(); pairs > 0; pairs--)
            {
                ulong number = reader.ReadUInt64();
                operations.Add(new(number, MsgPackCollections.ReadList(ref reader, ReadChunk) ?? []));
            }
        }
        // Peers write their map in random order.
        operations.Sort(static (a, b) => a.OpNum.CompareTo(b.OpNum));
        return operations.Count == 0 ? ChunkState.Empty : new(operations.ToArray());
    }

    private static void WriteChunk(ref MsgPackWriter writer, Chunk? chunk)
    {
        if (chunk is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(5);
        writer.WriteField("Data"u8, chunk.Data.Span);
        writer.WriteField("NumChunks"u8, chunk.NumChunks);
        writer.WriteField("OpNum"u8, chunk.OpNum);
        writer.WriteField("SequenceNum"u8, chunk.SequenceNum);
        writer.WriteField("Term"u8, chunk.Term);
    }

    private static Chunk? ReadChunk(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        ulong opNum = 0, term = 0;
        uint sequence = 0, count = 0;
        byte[] data = [];
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Data"u8)) data = reader.ReadBytes() ?? [];
            else if (key.SequenceEqual("NumChunks"u8)) count = reader.ReadUInt32();
            else if (key.SequenceEqual("OpNum"u8)) opNum = reader.ReadUInt64();
            else if (key.SequenceEqual("SequenceNum"u8)) sequence = reader.ReadUInt32();
            else if (key.SequenceEqual("Term"u8)) term = reader.ReadUInt64();
            else reader.Skip();
        }
        return new(opNum, sequence, count, term, data);
    }
}
