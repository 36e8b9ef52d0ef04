using System.Buffers;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Cli.Commands.Snapshot;

/// <summary>Records of one kind, or keys of one name.</summary>
/// <param name="Name">Kind of record or first parts of keys.</param>
internal sealed record SnapshotStat(string Name)
{
    /// <summary>Bytes of all of them, type bytes included.</summary>
    public long Sum { get; set; }

    public int Count { get; set; }
}

/// <summary>Which keys are counted, and how.</summary>
/// <param name="Depth">Parts of a key that make its name.</param>
/// <param name="Filter">Prefix of the keys counted.</param>
internal sealed record KeyDetails(int Depth, string Filter);

/// <summary>A snapshot's state cannot be taken apart; the message is the whole reason.</summary>
internal sealed class SnapshotExtractionException(string message) : Exception(message);

/// <summary>Counts the records of a snapshot's state by kind, and its keys by their first parts.</summary>
/// <param name="details">How to count keys; null leaves them out.</param>
internal sealed class SnapshotStats(KeyDetails? details)
{
    private readonly Dictionary<byte, SnapshotStat> _kinds = [];
    private readonly Dictionary<string, SnapshotStat> _keys = new(StringComparer.Ordinal);

    /// <summary>Bytes of the state, its header included.</summary>
    public long TotalSize { get; private set; }

    /// <summary>Bytes of the keys counted.</summary>
    public long TotalSizeKeys { get; private set; }

    /// <summary>Kinds of records, the largest first.</summary>
    public List<SnapshotStat> Kinds => Ordered(_kinds.Values);

    /// <summary>Keys, the largest first.</summary>
    public List<SnapshotStat> Keys => Ordered(_keys.Values);

    /// <summary>Takes a state apart.</summary>
    /// <exception cref="SnapshotExtractionException">A record is cut or malformed.</exception>
    public void Add(ReadOnlyMemory<byte> state)
    {
        var input = new ReadOnlySequence<byte>(state);
        var reader = new SnapshotRecordReader(Array.MaxLength);
        ReadHeader(reader, ref input);
        // The header counts with the first record, so that the sizes add up to the total.
        long before = 0;
        while (!input.IsEmpty)
        {
            var (type, value) = ReadRecord(reader, ref input);
            var size = reader.BytesRead - before;
            before = reader.BytesRead;
            if (!_kinds.TryGetValue(type, out var kind)) _kinds.Add(type, kind = new SnapshotStat(SnapshotRecordTypes.NameOf(type)));
            Count(kind, size);
            if (details is not null && (CommandType)type == CommandType.KVS) AddKey(details, value, size);
        }
        TotalSize = reader.BytesRead;
    }

    private static void ReadHeader(SnapshotRecordReader reader, ref ReadOnlySequence<byte> input)
    {
        try
        {
            if (!reader.TryReadHeader(ref input, out _)) throw new SnapshotExtractionException(input.IsEmpty ? "EOF" : "unexpected EOF");
        }
        catch (MsgPackException error)
        {
            throw new SnapshotExtractionException(error.Message);
        }
    }

    private static (byte Type, ReadOnlySequence<byte> Value) ReadRecord(SnapshotRecordReader reader, ref ReadOnlySequence<byte> input)
    {
        var type = input.FirstSpan[0];
        try
        {
            return reader.TryRead(ref input, out _, out var value) ? (type, value) : throw Undecodable(type, input.Length == 1 ? "EOF" : "unexpected EOF");
        }
        catch (MsgPackException error)
        {
            throw Undecodable(type, error.Message);
        }
    }

    private void AddKey(KeyDetails wanted, in ReadOnlySequence<byte> value, long size)
    {
        string key;
        try
        {
            key = KeyOf(value);
        }
        catch (MsgPackException error)
        {
            throw Undecodable((byte)CommandType.KVS, error.Message);
        }
        if (!key.StartsWith(wanted.Filter, StringComparison.Ordinal)) return;
        var name = Shortened(key, wanted.Depth);
        if (!_keys.TryGetValue(name, out var stat)) _keys.Add(name, stat = new SnapshotStat(name));
        Count(stat, size);
        TotalSizeKeys += size;
    }

    private static string KeyOf(in ReadOnlySequence<byte> value)
    {
        var reader = new MsgPackReader(value);
        var key = "";
        for (var left = reader.ReadMapHeader(); left > 0; left--)
            if (reader.ReadKey().SequenceEqual("Key"u8)) key = Encoding.UTF8.GetString(reader.ReadTextSpan());
            else reader.Skip();
        return key;
    }

    private static string Shortened(string key, int depth)
    {
        var end = -1;
        for (var parts = 0; parts < depth; parts++)
        {
            end = key.IndexOf('/', end + 1);
            if (end < 0) return key;
        }
        return end < 0 ? "" : key[..end];
    }

    private static void Count(SnapshotStat stat, long size)
    {
        stat.Sum += size;
        stat.Count++;
    }

    private static List<SnapshotStat> Ordered(IEnumerable<SnapshotStat> stats) =>
        [.. stats.OrderByDescending(static stat => stat.Sum).ThenBy(static stat => stat.Name, StringComparer.Ordinal)];

    private static SnapshotExtractionException Undecodable(byte type, string reason) =>
        new($"failed to decode msg type {SnapshotRecordTypes.NameOf(type)}, error {reason}");
}
