using System.Text;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Records that are kept without being acted on: stored by key with their indexes, so that nothing of a peer's log or snapshot is lost.</summary>
internal sealed partial class StateWriter
{
    public KeptRecord? RecordGet(CommandType type, string key) => _records.Get(RecordKey(type, key));

    public IEnumerable<KeptRecord> RecordsOf(CommandType type)
    {
        var found = new List<KeptRecord>();
        _records.CollectInto([(byte)type], found);
        return found;
    }

    /// <summary>Puts a restored record back as it is.</summary>
    public void RestoreRecord(CommandType type, string key, MsgPackMap fields) => PutRecord(new KeptRecord(type, RecordKey(type, key), fields));

    /// <summary>Puts a restored table index back; the recorded value stands, even when rows suggest another.</summary>
    public void RestoreIndex(string name, ulong value)
    {
        FlushIndexes();
        var row = new TableIndex(name, value);
        if (_indexes.Put(Keys.Make(name), row) is { } earlier) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(row);
    }

    /// <summary>Stores a record under its key: created now or earlier, changed now.</summary>
    private void SetRecord(ulong index, CommandType type, string key, MsgPackMap fields, IndexName table)
    {
        var created = RecordGet(type, key)?.CreateIndex ?? index;
        PutRecord(new KeptRecord(type, RecordKey(type, key), GenericTree.With(fields, ("CreateIndex", created), ("ModifyIndex", index))));
        SetIndex(table, index);
    }

    private void RemoveRecord(ulong index, CommandType type, string key, IndexName table)
    {
        if (_records.Remove(RecordKey(type, key)) is not { } removed) return;
        _digest -= RowHash.Of(removed);
        SetIndex(table, index);
    }

    private void PutRecord(KeptRecord record)
    {
        if (_records.Put(record.Key, record) is { } earlier) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(record);
    }

    /// <summary>Compare-and-set: 0 stands for "there is none".</summary>
    private bool RecordMatches(CommandType type, string key, ulong modifyIndex) => (RecordGet(type, key)?.ModifyIndex ?? 0) == modifyIndex;

    private static byte[] RecordKey(CommandType type, string key)
    {
        var bytes = new byte[1 + Encoding.UTF8.GetByteCount(key)];
        bytes[0] = (byte)type;
        Encoding.UTF8.GetBytes(key, bytes.AsSpan(1));
        return bytes;
    }

    private static ReadOnlyMemory<byte> TextValue(string text) => Encoding.UTF8.GetBytes(text);
}
