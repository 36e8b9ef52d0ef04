using System.Runtime.InteropServices;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Keys, locks and tombstones.</summary>
internal sealed partial class StateWriter
{
    private readonly List<KvEntry> _kvScratch = [];

    public KvEntry? KvGet(ReadOnlySpan<byte> key) => _kv.Get(key);

    public TreeValues<KvEntry> KvScan(scoped ReadOnlySpan<byte> prefix) => _kv.Scan(prefix);

    /// <summary>Stores a key, keeping the session that holds it. Returns the entry that stands afterwards: the earlier one when nothing changed.</summary>
    public KvEntry KvSet(ulong index, KvEntry request)
    {
        var existing = _kv.Get(request.Key);
        return Store(index, request, existing, existing?.Session ?? "", request.LockIndex);
    }

    /// <summary>Stores a key when its ModifyIndex is the one given (0: when there is no such key); null when it is not.</summary>
    public KvEntry? KvCas(ulong index, KvEntry request)
    {
        var existing = _kv.Get(request.Key);
        if ((existing?.ModifyIndex ?? 0) != request.ModifyIndex) return null;
        return Store(index, request, existing, existing?.Session ?? "", request.LockIndex);
    }

    /// <summary>Takes the lock of a key for a session; <paramref name="stored"/> is null when another session holds it.</summary>
    public string? KvLock(ulong index, KvEntry request, out KvEntry? stored)
    {
        stored = null;
        if (request.Session.Length == 0) return "missing session";
        Span<byte> session = stackalloc byte[Uuids.SessionKeyMax];
        if (!Uuids.TrySessionKey(request.Session, session, out var length, out var problem)) return "failed session lookup: " + problem;
        if (_sessions.Get(session[..length]) is null) return "invalid session " + GoQuote.Quote(request.Session);
        var existing = _kv.Get(request.Key);
        if (existing is { Session.Length: > 0 } && existing.Session != request.Session) return null;
        var lockIndex = existing is null ? 1 : existing.Session.Length > 0 ? existing.LockIndex : existing.LockIndex + 1;
        stored = Store(index, request, existing, request.Session, lockIndex);
        return null;
    }

    /// <summary>Gives the lock of a key back; <paramref name="stored"/> is null when the session does not hold it.</summary>
    public string? KvUnlock(ulong index, KvEntry request, out KvEntry? stored)
    {
        stored = null;
        if (request.Session.Length == 0) return "missing session";
        var existing = _kv.Get(request.Key);
        if (existing is null || existing.Session != request.Session) return null;
        stored = Store(index, request, existing, "", existing.LockIndex);
        return null;
    }

    /// <summary>Removes a key and leaves a tombstone. A missing key changes nothing, not even an index.</summary>
    public void KvDelete(ulong index, byte[] key)
    {
        if (_kv.Remove(key) is not { } removed) return;
        Forget(removed);
        Bury(index, key);
        SetIndex(IndexName.Kvs, index);
    }

    /// <summary>Removes a key when its ModifyIndex is the one given. True for a missing key.</summary>
    public bool KvDeleteCas(ulong index, byte[] key, ulong modifyIndex)
    {
        var existing = _kv.Get(key);
        if (existing is null) return true;
        if (existing.ModifyIndex != modifyIndex) return false;
        KvDelete(index, key);
        return true;
    }

    /// <summary>Removes all keys below a prefix and leaves one tombstone for it; none when the whole table goes, where the table's index says enough.</summary>
    public void KvDeleteTree(ulong index, byte[] prefix)
    {
        _kvScratch.Clear();
        _kv.RemovePrefix(prefix, _kvScratch);
        if (_kvScratch.Count == 0) return;
        foreach (var removed in _kvScratch) Forget(removed);
        _kvScratch.Clear();
        if (_kvScratch.Capacity > KvScratchKept) _kvScratch.Capacity = KvScratchKept;
        if (prefix.Length > 0) Bury(index, prefix);
        SetIndex(IndexName.Kvs, index);
    }

    /// <summary>Removes tombstones up to an index. Moves no table index: nobody can see the difference.</summary>
    public void ReapTombstones(ulong upTo)
    {
        var reaped = new List<Tombstone>();
        foreach (var tombstone in _tombstones.Scan([]))
            if (tombstone.Index <= upTo) reaped.Add(tombstone);
        foreach (var tombstone in reaped)
        {
            _tombstones.Remove(tombstone.Key);
            _digest -= RowHash.Of(tombstone);
        }
    }

    /// <summary>Puts a restored entry back with its own indexes.</summary>
    public string? RestoreKv(KvEntry entry)
    {
        if (entry.Session.Length > 0 && !Uuids.TrySessionKey(entry.Session, stackalloc byte[Uuids.SessionKeyMax], out _, out var problem))
            return $"key {GoQuote.Quote(entry.Key)}: {problem}";
        Replace(_kv.Get(entry.Key), entry);
        SetIndex(IndexName.Kvs, entry.ModifyIndex);
        return null;
    }

    /// <summary>Puts a restored tombstone back.</summary>
    public void RestoreTombstone(byte[] key, ulong index) => PutTombstone(new Tombstone(key, index));

    private const int KvScratchKept = 1024;

    private KvEntry Store(ulong index, KvEntry request, KvEntry? existing, string session, ulong lockIndex)
    {
        if (existing is not null && existing.LockIndex == lockIndex && existing.Flags == request.Flags && existing.Session == session
            && existing.Value.Span.SequenceEqual(request.Value.Span)) return existing;
        var entry = new KvEntry
        {
            Key = existing?.Key ?? request.Key,                 // one array for all versions of a key
            Value = Unpinned(request.Value),
            HasValue = request.HasValue,
            Flags = request.Flags,
            Session = session,
            LockIndex = lockIndex,
            CreateIndex = existing?.CreateIndex ?? index,
            ModifyIndex = index,
        };
        Replace(existing, entry);
        SetIndex(IndexName.Kvs, index);
        return entry;
    }

    private void Replace(KvEntry? existing, KvEntry entry)
    {
        _kv.Put(entry.Key, entry);
        _digest += RowHash.Of(entry);
        if (existing is not null) _digest -= RowHash.Of(existing);
        if (existing is { Session.Length: > 0 } && existing.Session != entry.Session) _kvBySession.Remove(HeldKey(existing));
        if (entry.Session.Length > 0) _kvBySession.Put(HeldKey(entry), entry);
    }

    private void Forget(KvEntry removed)
    {
        _digest -= RowHash.Of(removed);
        if (removed.Session.Length > 0) _kvBySession.Remove(HeldKey(removed));
    }

    private void Bury(ulong index, byte[] key)
    {
        PutTombstone(new Tombstone(key, index));
        Effects.TombstoneAt(index);
    }

    private void PutTombstone(Tombstone tombstone)
    {
        if (_tombstones.Put(tombstone.Key, tombstone) is { } earlier) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(tombstone);
        SetIndex(IndexName.Tombstones, tombstone.Index);
    }

    private static byte[] HeldKey(KvEntry entry)
    {
        Span<byte> session = stackalloc byte[Uuids.SessionKeyMax];
        Uuids.TrySessionKey(entry.Session, session, out var length, out _);
        return Keys.Join(session[..length], entry.Key);
    }

    /// <summary>Copies a value out of a command that is more than twice its size, so that a small value does not keep a large transaction alive.</summary>
    private static ReadOnlyMemory<byte> Unpinned(ReadOnlyMemory<byte> value)
    {
        if (value.IsEmpty) return default;
        return MemoryMarshal.TryGetArray(value, out var whole) && whole.Array!.Length <= 2L * value.Length ? value : value.ToArray();
    }
}
