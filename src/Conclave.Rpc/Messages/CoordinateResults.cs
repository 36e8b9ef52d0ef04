using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>What methods about network coordinates give back.</summary>
public static class CoordinateResults
{
    /// <summary>Writes the coordinates of servers by datacenter.</summary>
    public static void WriteDatacenters(ref MsgPackWriter writer, IReadOnlyList<(string Datacenter, IReadOnlyList<CoordinateEntry> Servers)> datacenters)
    {
        RowResults.WriteList(ref writer, datacenters, static (ref MsgPackWriter writer, (string Datacenter, IReadOnlyList<CoordinateEntry> Servers) row) =>
        {
            writer.WriteMapHeader(3);
            writer.WriteField("AreaID"u8, "wan");
            writer.WriteKey("Coordinates"u8);
            RowResults.WriteList(ref writer, row.Servers, CoordinateCodec.Write);
            writer.WriteField("Datacenter"u8, row.Datacenter);
        });
    }

    /// <summary>Reads the coordinates of servers by datacenter.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static IReadOnlyList<(string Datacenter, IReadOnlyList<CoordinateEntry> Servers)> ReadDatacenters(ReadOnlySpan<byte> result)
    {
        var reader = new MsgPackReader(result);
        return MsgPackCollections.ReadList(ref reader, ReadDatacenter) ?? [];
    }

    private static (string Datacenter, IReadOnlyList<CoordinateEntry> Servers) ReadDatacenter(ref MsgPackReader reader)
    {
        string datacenter = "";
        IReadOnlyList<CoordinateEntry>? servers = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Coordinates"u8)) servers = MsgPackCollections.ReadList(ref reader, CoordinateCodec.Read);
            else reader.Skip(acceptExtensions: true);
        }
        return (datacenter, servers ?? []);
    }
}

/// <summary>The argument of <c>Internal.EventFire</c>.</summary>
public static class EventArguments
{
    /// <summary>Reads it; the payload, an encoded event, is a slice of it.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static (string Datacenter, ReadOnlyMemory<byte> Payload) Read(ReadOnlyMemory<byte> argument)
    {
        var reader = new MsgPackReader(argument);
        string datacenter = "";
        ReadOnlyMemory<byte> payload = default;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Payload"u8)) reader.TryReadMemory(out payload);
            else reader.Skip(acceptExtensions: true);
        }
        return (datacenter, payload);
    }
}
