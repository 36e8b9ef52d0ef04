using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>One server of the Raft configuration, as operators see it.</summary>
/// <param name="Id">Server id.</param>
/// <param name="Node">Name of the node.</param>
/// <param name="Address">Server address.</param>
/// <param name="IsLeader">Whether it leads.</param>
/// <param name="IsVoter">Whether it votes.</param>
public readonly record struct RaftServerRow(string Id, string Node, string Address, bool IsLeader, bool IsVoter);

/// <summary>What methods for operators give back.</summary>
public static class OperatorResults
{
    /// <summary>Writes the Raft configuration.</summary>
    public static void WriteConfiguration(ref MsgPackWriter writer, IReadOnlyList<RaftServerRow> servers, ulong index)
    {
        writer.WriteMapHeader(2);
        writer.WriteField("Index"u8, index);
        writer.WriteKey("Servers"u8);
        RowResults.WriteList(ref writer, servers, Write);
    }

    /// <summary>Reads the Raft configuration.</summary>
    /// <param name="result">The result.</param>
    /// <param name="into">Where servers are added.</param>
    /// <returns>Index of the configuration.</returns>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static ulong ReadConfiguration(ReadOnlySpan<byte> result, List<RaftServerRow> into)
    {
        var reader = new MsgPackReader(result);
        ulong index = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Index"u8)) index = reader.ReadUInt64();
            else if (key.SequenceEqual("Servers"u8)) RowResults.ReadList(ref reader, ReadServer, into);
            else reader.Skip(acceptExtensions: true);
        }
        return index;
    }

    private static RaftServerRow ReadServer(ref MsgPackReader reader)
    {
        string id = "", node = "", address = "";
        bool leads = false, votes = false;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("Address"u8)) address = reader.ReadText();
            else if (key.SequenceEqual("Leader"u8)) leads = reader.ReadBool();
            else if (key.SequenceEqual("Voter"u8)) votes = reader.ReadBool();
            else reader.Skip(acceptExtensions: true);
        }
        return new RaftServerRow(id, node, address, leads, votes);
    }

    private static void Write(ref MsgPackWriter writer, RaftServerRow server)
    {
        writer.WriteMapHeader(6);
        writer.WriteField("Address"u8, server.Address);
        writer.WriteField("ID"u8, server.Id);
        writer.WriteField("Leader"u8, server.IsLeader);
        writer.WriteField("Node"u8, server.Node);
        writer.WriteField("ProtocolVersion"u8, "3");
        writer.WriteField("Voter"u8, server.IsVoter);
    }
}
