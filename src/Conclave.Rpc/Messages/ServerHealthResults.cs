using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>How one server is doing, as operators see it.</summary>
public sealed record ServerHealthRow
{
#pragma warning disable CS1591 // Names of the wire.
    public required string Id { get; init; }
    public required string Address { get; init; }
    public string Name { get; init; } = "";
    public string Version { get; init; } = "";
    public bool IsLeader { get; init; }
    public bool IsVoter { get; init; }
    public bool IsHealthy { get; init; }
    public ulong LastIndex { get; init; }
    public ulong LastTerm { get; init; }
    public long LastContactNanoseconds { get; init; }
    public MsgPackTime StableSince { get; init; } = MsgPackTime.Zero;
    public IReadOnlyDictionary<string, string>? Meta { get; init; }
    public bool IsReadReplica { get; init; }
#pragma warning restore CS1591

    /// <summary>Gossip's number of its state: 0 none, 1 alive, 3 left, 4 failed.</summary>
    public int SerfStatus { get; init; }

    internal string StatusText => SerfStatus switch { 1 => "alive", 3 => "left", 4 => "failed", _ => "none" };

    internal static int StatusOf(string text) => text switch { "alive" => 1, "left" => 3, "failed" => 4, _ => 0 };
}

/// <summary>How the servers are doing: <c>Operator.ServerHealth</c> and <c>Operator.AutopilotState</c>.</summary>
/// <param name="Rows">In the order of the configuration.</param>
/// <param name="FailureTolerance">Voters that may still fail before nothing can be written any more.</param>
/// <param name="LeaderId">Who leads.</param>
public sealed record ServerHealthResults(IReadOnlyList<ServerHealthRow> Rows, int FailureTolerance, string LeaderId)
{
    private bool AreHealthy
    {
        get
        {
            foreach (var row in Rows)
                if (!row.IsHealthy) return false;
            return true;
        }
    }

    /// <summary>Writes the result of <c>Operator.ServerHealth</c>.</summary>
    public void WriteHealth(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("FailureTolerance"u8, (long)FailureTolerance);
        writer.WriteField("Healthy"u8, AreHealthy);
        writer.WriteKey("Servers"u8);
        RowResults.WriteList(ref writer, Rows, WriteHealth);
    }

    /// <summary>Writes the result of <c>Operator.AutopilotState</c>.</summary>
    public void WriteState(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(6);
        writer.WriteKey("Ext"u8);
        writer.WriteNil();
        writer.WriteField("FailureTolerance"u8, (long)FailureTolerance);
        writer.WriteField("Healthy"u8, AreHealthy);
        writer.WriteField("Leader"u8, LeaderId);
        writer.WriteKey("Servers"u8);
        writer.WriteMapHeader(Rows.Count);
        foreach (var row in Rows)
        {
            writer.Write(row.Id);
            WriteState(ref writer, row);
        }
        writer.WriteKey("Voters"u8);
        var voters = new List<string>();
        foreach (var row in Rows)
            if (row.IsVoter) voters.Add(row.Id);
        writer.Write(voters);
    }

    /// <summary>Reads the servers of the result of <c>Operator.ServerHealth</c>.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static IReadOnlyList<ServerHealthRow> ReadHealth(ReadOnlyMemory<byte> result)
    {
        var reader = new MsgPackReader(result);
        var rows = new List<ServerHealthRow>();
        for (int left = reader.ReadMapHeader(); left > 0; left--)
            if (reader.ReadKey().SequenceEqual("Servers"u8)) RowResults.ReadList(ref reader, static (ref MsgPackReader row) => ReadFields(ref row, Nobody), rows);
            else reader.Skip(acceptExtensions: true);
        return rows;
    }

    /// <summary>Reads the servers of the result of <c>Operator.AutopilotState</c>, ordered by id.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static IReadOnlyList<ServerHealthRow> ReadState(ReadOnlyMemory<byte> result)
    {
        var reader = new MsgPackReader(result);
        var rows = new List<ServerHealthRow>();
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (!reader.ReadKey().SequenceEqual("Servers"u8))
            {
                reader.Skip(acceptExtensions: true);
                continue;
            }
            for (int servers = reader.ReadMapHeader(); servers > 0; servers--)
            {
                reader.ReadTextSpan();
                rows.Add(ReadState(ref reader));
            }
        }
        rows.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        return rows;
    }

    private static ServerHealthRow Nobody => new() { Id = "", Address = "" };

    // The parts of a server's state have fields of different names, so all of them can be read into one row.
    private static ServerHealthRow ReadState(ref MsgPackReader reader)
    {
        var row = Nobody;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Server"u8) || key.SequenceEqual("Stats"u8) || key.SequenceEqual("Health"u8)) row = ReadFields(ref reader, row);
            else if (key.SequenceEqual("State"u8)) row = reader.ReadText() is var state ? row with { IsLeader = state == "leader", IsVoter = state is "leader" or "voter" } : row;
            else reader.Skip(acceptExtensions: true);
        }
        return row;
    }

    private static ServerHealthRow ReadFields(ref MsgPackReader reader, ServerHealthRow row)
    {
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("ID"u8)) row = row with { Id = reader.ReadText() };
            else if (key.SequenceEqual("Address"u8)) row = row with { Address = reader.ReadText() };
            else if (key.SequenceEqual("Name"u8)) row = row with { Name = reader.ReadText() };
            else if (key.SequenceEqual("Version"u8)) row = row with { Version = reader.ReadText() };
            else if (key.SequenceEqual("Leader"u8) || key.SequenceEqual("IsLeader"u8)) row = row with { IsLeader = reader.ReadBool() };
            else if (key.SequenceEqual("Voter"u8)) row = row with { IsVoter = reader.ReadBool() };
            else if (key.SequenceEqual("Healthy"u8)) row = row with { IsHealthy = reader.ReadBool() };
            else if (key.SequenceEqual("LastIndex"u8)) row = row with { LastIndex = reader.ReadUInt64() };
            else if (key.SequenceEqual("LastTerm"u8)) row = row with { LastTerm = reader.ReadUInt64() };
            else if (key.SequenceEqual("LastContact"u8)) row = row with { LastContactNanoseconds = reader.ReadInt64() };
            else if (key.SequenceEqual("StableSince"u8)) row = row with { StableSince = reader.ReadTime() };
            else if (key.SequenceEqual("SerfStatus"u8)) row = row with { SerfStatus = reader.ReadInt32() };
            else if (key.SequenceEqual("NodeStatus"u8)) row = row with { SerfStatus = ServerHealthRow.StatusOf(reader.ReadText()) };
            else if (key.SequenceEqual("NodeType"u8)) row = row with { IsReadReplica = reader.ReadText() == "read-replica" };
            else if (key.SequenceEqual("Meta"u8)) row = row with { Meta = MsgPackCollections.ReadTextMap(ref reader) };
            else reader.Skip(acceptExtensions: true);
        }
        return row;
    }

    private static void WriteHealth(ref MsgPackWriter writer, ServerHealthRow row)
    {
        writer.WriteMapHeader(12);
        writer.WriteField("Address"u8, row.Address);
        writer.WriteField("Healthy"u8, row.IsHealthy);
        writer.WriteField("ID"u8, row.Id);
        writer.WriteField("LastContact"u8, row.LastContactNanoseconds);
        writer.WriteField("LastIndex"u8, row.LastIndex);
        writer.WriteField("LastTerm"u8, row.LastTerm);
        writer.WriteField("Leader"u8, row.IsLeader);
        writer.WriteField("Name"u8, row.Name);
        writer.WriteField("SerfStatus"u8, (long)row.SerfStatus);
        writer.WriteKey("StableSince"u8);
        writer.Write(row.StableSince);
        writer.WriteField("Version"u8, row.Version);
        writer.WriteField("Voter"u8, row.IsVoter);
    }

    private static void WriteState(ref MsgPackWriter writer, ServerHealthRow row)
    {
        writer.WriteMapHeader(4);
        writer.WriteKey("Health"u8);
        writer.WriteMapHeader(2);
        writer.WriteField("Healthy"u8, row.IsHealthy);
        writer.WriteKey("StableSince"u8);
        writer.Write(row.StableSince);
        writer.WriteKey("Server"u8);
        writer.WriteMapHeader(10);
        writer.WriteField("Address"u8, row.Address);
        writer.WriteKey("Ext"u8);
        writer.WriteNil();
        writer.WriteField("ID"u8, row.Id);
        writer.WriteField("IsLeader"u8, row.IsLeader);
        writer.WriteField("Meta"u8, row.Meta);
        writer.WriteField("Name"u8, row.Name);
        writer.WriteField("NodeStatus"u8, row.StatusText);
        writer.WriteField("NodeType"u8, "voter");
        writer.WriteField("RaftVersion"u8, 3L);
        writer.WriteField("Version"u8, row.Version);
        writer.WriteField("State"u8, row.IsLeader ? "leader" : row.IsVoter ? "voter" : "non-voter");
        writer.WriteKey("Stats"u8);
        writer.WriteMapHeader(3);
        writer.WriteField("LastContact"u8, row.LastContactNanoseconds);
        writer.WriteField("LastIndex"u8, row.LastIndex);
        writer.WriteField("LastTerm"u8, row.LastTerm);
    }
}
