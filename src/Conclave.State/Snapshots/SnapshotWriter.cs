using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// Writes a state as a stream of records (<c>state.bin</c>), a part at a time, while the live state goes on. Not thread-safe; on any one thread.
/// </summary>
public sealed class SnapshotWriter
{
    // In this order peers write; readers only rely on services and checks following their node.
    private static readonly CommandType[] RecordsBeforeKeys =
        [CommandType.AclTokenSet, CommandType.AclPolicySet, CommandType.AclRoleSet, CommandType.AclBindingRuleSet, CommandType.AclAuthMethodSet];

    private static readonly CommandType[] RecordsAfterAutopilot =
        [CommandType.Intention, CommandType.ConnectCA, CommandType.ConnectCAProviderState, CommandType.ConnectCAConfig, CommandType.ConfigEntry, CommandType.FederationState, CommandType.SystemMetadata];

    private readonly StateTables _tables;
    private readonly ulong _lastIndex;

    // The rows of the table being written, and how to write one of them.
    private readonly List<object> _rows = [];
    private int _at;
    private int _step;
    private RowWriter _writeRow = static (ref MsgPackWriter _, object _) => { };

    /// <summary>Starts at the header of the stream for <paramref name="root"/>.</summary>
    public SnapshotWriter(StateRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        _tables = root.Tables;
        _lastIndex = root.LastIndex;
    }

    private delegate void RowWriter(ref MsgPackWriter writer, object row);

    /// <summary>Writes records until about <paramref name="bytes"/> are written (at least one record). False when the stream is complete.</summary>
    public bool Write(IBufferWriter<byte> output, int bytes = 256 * 1024)
    {
        ArgumentNullException.ThrowIfNull(output);
        var writer = new MsgPackWriter(output);
        var more = true;
        while (writer.BytesWritten < bytes && more)
        {
            while (_at == _rows.Count && more) more = NextTable(ref writer);
            if (_at < _rows.Count) _writeRow(ref writer, _rows[_at++]);
        }
        writer.Flush();
        return more;
    }

    private bool NextTable(ref MsgPackWriter writer)
    {
        _rows.Clear();
        _at = 0;
        switch (_step++)
        {
            case 0: WriteHeader(ref writer); return true;
            case 1: return Table(_tables.Nodes, WriteNode);
            case 2: return Table(_tables.Coordinates, WriteCoordinate);
            case 3: return Table(_tables.Sessions, WriteSession);
            case 4: return Records(RecordsBeforeKeys);
            case 5: return Table(_tables.Kv, WriteKey);
            case 6: return Table(_tables.Tombstones, WriteTombstone);
            case 7: return Records([CommandType.PreparedQuery]);
            case 8: return Table(_tables.Autopilot, WriteAutopilot);
            case 9: return Records(RecordsAfterAutopilot);
            case 10: return Table(_tables.Indexes, WriteIndex);
            case 11: WriteChunks(ref writer); return true;
            default: return false;
        }
    }

    private bool Table<T>(Tree<T> table, RowWriter writeRow) where T : class
    {
        foreach (var row in table.Scan([])) _rows.Add(row);
        _writeRow = writeRow;
        return true;
    }

    private bool Records(ReadOnlySpan<CommandType> types)
    {
        foreach (var type in types)
            foreach (var record in _tables.Records.Scan([(byte)type])) _rows.Add(record);
        _writeRow = WriteRecord;
        return true;
    }

    private void WriteHeader(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(1);
        writer.WriteField("LastIndex"u8, _lastIndex);
    }

    private void WriteNode(ref MsgPackWriter writer, object row)
    {
        var node = (NodeEntry)row;
        WriteRegistration(ref writer, node, null, null);
        Span<byte> scratch = stackalloc byte[Keys.Scratch];
        var prefix = Keys.Of(scratch, node.Name);
        foreach (var service in _tables.Services.Scan(prefix)) WriteRegistration(ref writer, node, service.Service, null);
        foreach (var check in _tables.Checks.Scan(prefix)) WriteRegistration(ref writer, node, null, check);
    }

    private static void WriteRegistration(ref MsgPackWriter writer, NodeEntry node, NodeService? service, HealthCheck? check)
    {
        Start(ref writer, CommandType.Register);
        RegisterRequestCodec.Write(ref writer, new RegisterRequest
        {
            Id = node.Id, Node = node.Name, Address = node.Address, Datacenter = node.Datacenter, TaggedAddresses = node.TaggedAddresses, NodeMeta = node.Meta,
            Service = service, Check = check, CreateIndex = node.CreateIndex, ModifyIndex = node.ModifyIndex,
        }, token: "");
    }

    private static void WriteCoordinate(ref MsgPackWriter writer, object row)
    {
        Start(ref writer, CommandType.CoordinateBatchUpdate);
        CoordinateCodec.WriteBatch(ref writer, [(CoordinateEntry)row]);
    }

    private static void WriteSession(ref MsgPackWriter writer, object row)
    {
        Start(ref writer, CommandType.Session);
        SessionCodec.Write(ref writer, (Session)row);
    }

    private static void WriteKey(ref MsgPackWriter writer, object row)
    {
        Start(ref writer, CommandType.KVS);
        KvEntryCodec.Write(ref writer, (KvEntry)row);
    }

    private static void WriteTombstone(ref MsgPackWriter writer, object row)
    {
        var tombstone = (Tombstone)row;
        Start(ref writer, CommandType.Tombstone);
        KvEntryCodec.Write(ref writer, new KvEntry { Key = tombstone.Key, ModifyIndex = tombstone.Index });
    }

    private static void WriteAutopilot(ref MsgPackWriter writer, object row)
    {
        Start(ref writer, CommandType.Autopilot);
        AutopilotConfigCodec.Write(ref writer, (AutopilotConfig)row);
    }

    private static void WriteIndex(ref MsgPackWriter writer, object row)
    {
        var index = (TableIndex)row;
        Start(ref writer, CommandType.Index);
        writer.WriteMapHeader(2);
        writer.WriteField("Key"u8, index.Name);
        writer.WriteField("Value"u8, index.Value);
    }

    private static void WriteRecord(ref MsgPackWriter writer, object row)
    {
        var record = (KeptRecord)row;
        Start(ref writer, record.Type);
        switch (record.Type)
        {
            case CommandType.ConfigEntry:
                var key = System.Text.Encoding.UTF8.GetString(record.Key.AsSpan(1));
                ConfigEntryForm.Write(ref writer, key[..key.IndexOf('/')], record.Fields);
                break;
            case CommandType.FederationState:
                writer.WriteMapHeader(4);
                writer.WriteField("Datacenter"u8, "");
                writer.WriteField("Op"u8, "upsert");
                writer.WriteKey("State"u8);
                MsgPackTree.Write(ref writer, record.Fields);
                writer.WriteField("Token"u8, "");
                break;
            default: MsgPackTree.Write(ref writer, record.Fields); break;
        }
    }

    /// <summary>Pieces by operation, in slots as many as the command has pieces; empty ones are nil.</summary>
    private void WriteChunks(ref MsgPackWriter writer)
    {
        var operations = new SortedDictionary<ulong, object?[]>();
        foreach (var piece in _tables.Chunks.Scan([]))
        {
            if (!operations.TryGetValue(piece.Operation, out var slots)) operations.Add(piece.Operation, slots = new object?[piece.Count]);
            slots[piece.Sequence] = piece;
        }
        Start(ref writer, CommandType.ChunkingState);
        writer.WriteMapHeader(1);
        writer.WriteKey("ChunkMap"u8);
        writer.WriteMapHeader(operations.Count);
        foreach (var (operation, slots) in operations)
        {
            writer.Write(operation);
            writer.WriteArrayHeader(slots.Length);
            foreach (var slot in slots) WritePiece(ref writer, (ChunkPiece?)slot);
        }
    }

    private static void WritePiece(ref MsgPackWriter writer, ChunkPiece? piece)
    {
        if (piece is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(5);
        writer.WriteField("Data"u8, piece.Data.Span);
        writer.WriteField("NumChunks"u8, (ulong)piece.Count);
        writer.WriteField("OpNum"u8, piece.Operation);
        writer.WriteField("SequenceNum"u8, (ulong)piece.Sequence);
        writer.WriteField("Term"u8, piece.Term);
    }

    private static void Start(ref MsgPackWriter writer, CommandType type) => writer.WriteRaw([(byte)type]);
}
