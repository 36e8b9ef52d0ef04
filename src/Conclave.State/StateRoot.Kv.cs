using System.Runtime.InteropServices;
using Conclave.Core.Model;

namespace Conclave.State;

public sealed partial class StateRoot
{
    /// <summary>Reads one key. Allocates nothing when <paramref name="watches"/> is null.</summary>
    public ulong KvGet(ReadOnlySpan<byte> key, WatchSet? watches, out KvEntry? entry)
    {
        entry = Tables.Kv.Get(key, watches);
        return entry?.ModifyIndex ?? KvIndex;
    }

    /// <summary>Reads all keys below a prefix in byte order.</summary>
    public ulong KvList(ReadOnlySpan<byte> prefix, WatchSet? watches, List<KvEntry> into)
    {
        ulong newest = 0;
        foreach (var entry in Tables.Kv.Scan(prefix, watches))
        {
            newest = Math.Max(newest, entry.ModifyIndex);
            into.Add(entry);
        }
        return KvListIndex(prefix, newest);
    }

    /// <summary>Lists key names below a prefix, cut behind the first <paramref name="separator"/> after the prefix (once each) when it is not empty.</summary>
    public ulong KvKeys(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> separator, WatchSet? watches, List<ReadOnlyMemory<byte>> into)
    {
        ulong newest = 0;
        var last = ReadOnlyMemory<byte>.Empty;
        foreach (var entry in Tables.Kv.Scan(prefix, watches))
        {
            newest = Math.Max(newest, entry.ModifyIndex);
            ReadOnlyMemory<byte> name = entry.Key;
            var cut = separator.IsEmpty ? -1 : entry.Key.AsSpan(prefix.Length).IndexOf(separator);
            if (cut >= 0)
            {
                name = name[..(prefix.Length + cut + separator.Length)];
                // Names with the same cut are neighbours, for keys come in order.
                if (last.Span.SequenceEqual(name.Span)) continue;
            }
            last = name;
            into.Add(name);
        }
        return KvListIndex(prefix, newest);
    }

    private ulong KvIndex => Math.Max(IndexOf(IndexName.Kvs), IndexOf(IndexName.Tombstones));

    /// <summary>The newest change or deletion below the prefix; the table's index when there is none, or when the prefix is everything.</summary>
    private ulong KvListIndex(ReadOnlySpan<byte> prefix, ulong newest)
    {
        if (prefix.IsEmpty) return KvIndex;
        foreach (var tombstone in Tables.Tombstones.Scan(prefix)) newest = Math.Max(newest, tombstone.Index);
        return newest > 0 ? newest : KvIndex;
    }
}
