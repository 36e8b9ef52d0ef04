using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// Reads a state stream (<c>state.bin</c>, the body of a snapshot transfer) into a state of its own. Fed with pieces of any size; the state in use is
/// never touched. Each record is read and checked before the next one; anything unknown refuses the whole stream.
/// </summary>
public sealed class SnapshotReader : IDisposable
{
    /// <summary>Longest record accepted: 256 MiB, far above the largest value a transaction can carry.</summary>
    public const int RecordBytesMax = 256 * 1024 * 1024;

    private readonly StateWriter _writer = new(new StateRoot());
    private readonly PooledBuffer _partial = new(bytesMax: RecordBytesMax);

    private MsgPackScanner _scanner = new(RecordBytesMax);

    // The header has no type byte, so the stream starts in the middle of a record.
    private bool _inRecord = true, _headerRead;
    private byte _type;
    private ulong _lastIndex;

    /// <summary>Reads the next piece; borrowed for the call.</summary>
    /// <exception cref="SnapshotException">The stream cannot be restored; the reader is of no use afterwards.</exception>
    public void Read(ReadOnlySpan<byte> piece)
    {
        try
        {
            while (!piece.IsEmpty) piece = piece[ReadPart(piece)..];
        }
        catch (MsgPackException malformed)
        {
            throw new SnapshotException($"{NameOf(_type, _headerRead)} cannot be read: {malformed.Message}", malformed);
        }
    }

    /// <summary>The restored state, after the last piece.</summary>
    /// <exception cref="SnapshotException">The stream ends within a record, or has no header.</exception>
    public StateRoot Complete()
    {
        if (!_headerRead) throw new SnapshotException("the state has no header");
        if (_inRecord) throw new SnapshotException($"the state ends within {NameOf(_type, headerRead: true)}");
        return _writer.Publish(_lastIndex, out _);
    }

    /// <inheritdoc/>
    public void Dispose() => _partial.Dispose();

    private int ReadPart(ReadOnlySpan<byte> piece)
    {
        if (!_inRecord)
        {
            _type = piece[0];
            if (!IsKnown(_type)) throw new SnapshotException($"the state holds a record of unknown type {_type}");
            _inRecord = true;
            _scanner = new MsgPackScanner(RecordBytesMax);
            return 1;
        }
        var before = _scanner.BytesScanned;
        var complete = _scanner.Scan(piece);
        var used = (int)(_scanner.BytesScanned - before);
        if (!complete || _partial.WrittenCount > 0)
        {
            piece[..used].CopyTo(_partial.GetSpan(used));
            _partial.Advance(used);
        }
        if (!complete) return used;
        var record = _partial.WrittenCount > 0 ? _partial.WrittenSpan : piece[..used];
        if (_headerRead) Restore((CommandType)_type, record);
        else ReadHeader(record);
        _partial.Clear();
        _inRecord = false;
        return used;
    }

    private void ReadHeader(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        for (var left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (reader.ReadKey().SequenceEqual("LastIndex"u8)) _lastIndex = reader.ReadUInt64();
            else reader.Skip();
        }
        _headerRead = true;
    }

    private void Restore(CommandType type, ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        var problem = type switch
        {
            CommandType.Register => RestoreRegistration(RegisterRequestCodec.Read(ref reader)),
            CommandType.KVS => _writer.RestoreKv(KvEntryCodec.Read(ref reader)),
            CommandType.Session => _writer.RestoreSession(SessionCodec.Read(ref reader)),
            _ => RestoreOther(type, ref reader),
        };
        if (problem is not null) throw new SnapshotException($"{NameOf((byte)type, headerRead: true)} cannot be restored: {problem}");
    }

    private string? RestoreRegistration(RegisterRequest record)
    {
        if (_writer.NodeByName(record.Node) is null)
        {
            var node = new NodeEntry
            {
                Id = record.Id, Name = record.Node, Address = record.Address, Datacenter = record.Datacenter, TaggedAddresses = record.TaggedAddresses,
                Meta = record.NodeMeta, CreateIndex = record.CreateIndex, ModifyIndex = record.ModifyIndex,
            };
            if (_writer.RestoreNode(node) is { } refused) return refused;
        }
        if (record.Service is { } service && _writer.RestoreService(record.Node, service) is { } serviceRefused) return serviceRefused;
        return record.Check is { } check ? _writer.RestoreCheck(check) : null;
    }

    private string? RestoreOther(CommandType type, ref MsgPackReader reader)
    {
        switch (type)
        {
            case CommandType.Tombstone:
                var tombstone = KvEntryCodec.Read(ref reader);
                _writer.RestoreTombstone(tombstone.Key, tombstone.ModifyIndex);
                return null;
            case CommandType.CoordinateBatchUpdate:
                foreach (var entry in CoordinateCodec.ReadBatch(ref reader)) _writer.PutCoordinate(entry);
                return null;
            case CommandType.Autopilot:
                _writer.PutAutopilot(AutopilotConfigCodec.Read(ref reader));
                return null;
            case CommandType.Index: return RestoreIndex(ref reader);
            case CommandType.ChunkingState: return RestoreChunks(ref reader);
            case CommandType.ConfigEntry:
                var (kind, _, entryFields) = ConfigEntryForm.Read(ref reader);
                _writer.RestoreRecord(type, StateWriter.ConfigEntryKey(kind, entryFields), entryFields);
                return null;
            default: return RestoreKept(type, MsgPackTree.ReadMap(ref reader));
        }
    }

    private string? RestoreIndex(ref MsgPackReader reader)
    {
        var name = "";
        ulong value = 0;
        for (var left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Key"u8)) name = reader.ReadText();
            else if (key.SequenceEqual("Value"u8)) value = reader.ReadUInt64();
            else reader.Skip();
        }
        if (name.Length == 0) return "a table index has no name";
        _writer.RestoreIndex(name, value);
        return null;
    }

    private string? RestoreKept(CommandType type, MsgPackMap? record)
    {
        if (record is null) return "the record is nil";
        switch (type)
        {
            case CommandType.AclBootstrap:                      // older form of a table index
                _writer.RestoreIndex("acl-token-bootstrap", GenericTree.Number(record, "ModifyIndex"));
                return null;
            case CommandType.FederationState:
                if (GenericTree.Map(record, "State") is not { } state) return "a federation state is missing";
                _writer.RestoreRecord(type, GenericTree.Text(state, "Datacenter"), state);
                return null;
            case CommandType.LegacyAcl: return "ACL tokens of the legacy system are not supported: upgrade them before taking the snapshot";
            default:
                _writer.RestoreRecord(type, KeyOf(type, record), record);
                return null;
        }
    }

    private string? RestoreChunks(ref MsgPackReader reader)
    {
        for (var left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (!reader.ReadKey().SequenceEqual("ChunkMap"u8))
            {
                reader.Skip();
                continue;
            }
            for (var operations = reader.ReadMapHeader(); operations > 0; operations--)
            {
                reader.Skip();                                  // the operation's number; each piece repeats it
                for (var pieces = reader.ReadArrayHeader(); pieces > 0; pieces--)
                    if (MsgPackTree.ReadMap(ref reader) is { } piece && RestoreChunk(piece) is { } refused) return refused;
            }
        }
        return null;
    }

    private string? RestoreChunk(MsgPackMap piece)
    {
        if (!GenericTree.TryGet(piece, "Data", out var data) || data is not ReadOnlyMemory<byte> bytes) return "a piece of a command has no data";
        return _writer.PutChunk(GenericTree.Number(piece, "OpNum"), GenericTree.Number(piece, "SequenceNum"), GenericTree.Number(piece, "NumChunks"), GenericTree.Number(piece, "Term"), bytes);
    }

    private static string KeyOf(CommandType type, MsgPackMap record) => type switch
    {
        CommandType.AclTokenSet => GenericTree.Text(record, "AccessorID"),
        CommandType.AclAuthMethodSet => GenericTree.Text(record, "Name"),
        CommandType.SystemMetadata => GenericTree.Text(record, "Key"),
        CommandType.ConnectCAConfig => "",
        _ => GenericTree.Text(record, "ID"),
    };

    private static bool IsKnown(byte type) => (CommandType)type is CommandType.Register or (>= CommandType.KVS and <= CommandType.PreparedQuery) or CommandType.Autopilot
        or (>= CommandType.AclBootstrap and <= CommandType.AclTokenSet) or CommandType.AclPolicySet or CommandType.ConfigEntry or CommandType.AclRoleSet
        or CommandType.AclBindingRuleSet or CommandType.AclAuthMethodSet or CommandType.ChunkingState or CommandType.FederationState or CommandType.SystemMetadata;

    private static string NameOf(byte type, bool headerRead) => headerRead ? $"a record of type {(CommandType)type}" : "the header";
}
