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
