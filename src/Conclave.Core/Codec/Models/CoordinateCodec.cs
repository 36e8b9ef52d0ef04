using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Network coordinates of nodes: batches in the log, snapshot records, updates of agents.</summary>
public static class CoordinateCodec
{
    /// <summary>Writes a list of entries.</summary>
    public static void WriteBatch(ref MsgPackWriter writer, IReadOnlyList<CoordinateEntry> batch)
    {
        writer.WriteArrayHeader(batch.Count);
        for (int i = 0; i < batch.Count; i++) Write(ref writer, batch[i]);
    }

    /// <summary>Reads a list of entries; nil is an empty one.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static IReadOnlyList<CoordinateEntry> ReadBatch(ref MsgPackReader reader) => MsgPackCollections.ReadList(ref reader, Read) ?? [];

    /// <summary>Writes one entry.</summary>
    public static void Write(ref MsgPackWriter writer, CoordinateEntry entry)
    {
        writer.WriteMapHeader(3);
        writer.WriteKey("Coord"u8);
        Write(ref writer, entry.Coord);
        writer.WriteField("Node"u8, entry.Node);
        writer.WriteField("Segment"u8, entry.Segment);
    }

    /// <summary>Reads one entry; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static CoordinateEntry Read(ref MsgPackReader reader)
    {
        string node = "", segment = "";
        var coordinate = new Coordinate([], 0, 0, 0);
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Coord"u8)) coordinate = ReadCoordinate(ref reader);
            else if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("Segment"u8)) segment = reader.ReadText();
            else reader.Skip();
        }
        return new(node, segment, coordinate);
    }

    /// <summary>Writes a coordinate without its node.</summary>
    public static void Write(ref MsgPackWriter writer, Coordinate coordinate)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Adjustment"u8, coordinate.Adjustment);
        writer.WriteField("Error"u8, coordinate.Error);
        writer.WriteField("Height"u8, coordinate.Height);
        writer.WriteKey("Vec"u8);
        writer.WriteArrayHeader(coordinate.Vec.Length);
        foreach (double dimension in coordinate.Vec) writer.Write(dimension);
    }

    /// <summary>Reads a coordinate without its node.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static Coordinate ReadCoordinate(ref MsgPackReader reader)
    {
        double adjustment = 0, error = 0, height = 0;
        double[] vec = [];
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Adjustment"u8)) adjustment = reader.ReadDouble();
            else if (key.SequenceEqual("Error"u8)) error = reader.ReadDouble();
            else if (key.SequenceEqual("Height"u8)) height = reader.ReadDouble();
            else if (key.SequenceEqual("Vec"u8)) vec = ReadVector(ref reader);
            else reader.Skip();
        }
        return new(vec, error, adjustment, height);
    }

    private static double[] ReadVector(ref MsgPackReader reader)
    {
        var list = MsgPackCollections.ReadList(ref reader, static (ref MsgPackReader r) => r.ReadDouble());
        return list is double[] array ? array : [.. list ?? []];
    }
}
