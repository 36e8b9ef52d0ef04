using System.Buffers;

using Conclave.Core.Codec;

namespace Conclave.Raft;

/// <summary>Configuration entries as they stand in the log: a MessagePack map with one field <c>Servers</c>.</summary>
public static class ConfigurationCodec
{
    private const int ServersMax = 1024;

    /// <summary>The data of a configuration entry.</summary>
    public static byte[] Encode(Configuration configuration)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.WriteMapHeader(1);
        writer.WriteKey("Servers"u8);
        writer.WriteArrayHeader(configuration.Servers.Length);
        foreach (var server in configuration.Servers)
        {
            writer.WriteMapHeader(3);
            writer.WriteField("Address"u8, server.Address);
            writer.WriteField("ID"u8, server.Id);
            writer.WriteField("Suffrage"u8, (long)server.Suffrage);
        }
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads the data of a configuration entry; unknown fields are passed over.</summary>
    /// <exception cref="MsgPackException">It is malformed.</exception>
    /// <exception cref="ArgumentException">The servers contradict each other.</exception>
    public static Configuration Decode(ReadOnlySpan<byte> data)
    {
        var reader = new MsgPackReader(data);
        List<RaftServer> servers = [];
        for (int fields = reader.ReadMapHeader(); fields > 0; fields--)
        {
            if (reader.ReadKey().SequenceEqual("Servers"u8)) ReadServers(ref reader, servers);
            else reader.Skip();
        }
        return new Configuration(servers);
    }

    private static void ReadServers(ref MsgPackReader reader, List<RaftServer> servers)
    {
        if (reader.TryReadNil()) return;
        int count = reader.ReadArrayHeader();
        if (count > ServersMax) throw new MsgPackException($"a configuration of {count} servers", reader.Offset);
        for (; count > 0; count--) servers.Add(ReadServer(ref reader));
    }

    private static RaftServer ReadServer(ref MsgPackReader reader)
    {
        string id = "", address = "";
        var suffrage = Suffrage.Voter;
        for (int fields = reader.ReadMapHeader(); fields > 0; fields--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("Address"u8)) address = reader.ReadText();
            else if (key.SequenceEqual("Suffrage"u8)) suffrage = (Suffrage)reader.ReadInt32();
            else reader.Skip();
        }
        return new RaftServer(id, address, suffrage);
    }
}
