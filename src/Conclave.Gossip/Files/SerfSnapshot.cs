using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text;

namespace Conclave.Gossip.Files;

/// <summary>What a Serf snapshot file remembers from the last life: the members that were there, and the three clocks as last seen.</summary>
/// <remarks>The file is text, one record per line, only ever appended to; <see cref="Replay"/> folds it up, <see cref="WriteTo"/> writes the short form.</remarks>
public sealed class SerfSnapshot
{
    private readonly SortedDictionary<string, IPEndPoint> _alive = new(StringComparer.Ordinal);

    /// <summary>Members that were there, by name.</summary>
    public IReadOnlyDictionary<string, IPEndPoint> Alive => _alive;

    /// <summary>Last seen time of the members' clock.</summary>
    public ulong Clock { get; private set; }

    /// <summary>Last seen time of the events' clock.</summary>
    public ulong EventClock { get; private set; }

    /// <summary>Last seen time of the queries' clock.</summary>
    public ulong QueryClock { get; private set; }

    /// <summary>Reads a file. Lines that are not understood are passed over; a last line without line break was not written to its end and does not count.</summary>
    /// <param name="text">The file's content.</param>
    /// <param name="rejoinAfterLeave">Whether the members before a graceful leave are still wanted.</param>
    public static SerfSnapshot Replay(ReadOnlySpan<byte> text, bool rejoinAfterLeave)
    {
        var snapshot = new SerfSnapshot();
        for (int end = text.IndexOf((byte)'\n'); end >= 0; end = text.IndexOf((byte)'\n'))
        {
            if (end <= GossipLimits.SnapshotLineBytesMax) snapshot.Apply(text[..end], rejoinAfterLeave);
            text = text[(end + 1)..];
        }
        return snapshot;
    }

    /// <summary>Writes the short form: the members, then the clocks.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        foreach (var (name, address) in _alive) SerfSnapshotLines.TryWriteAlive(output, name, address);
        SerfSnapshotLines.WriteClock(output, Clock);
        SerfSnapshotLines.WriteEventClock(output, EventClock);
        SerfSnapshotLines.WriteQueryClock(output, QueryClock);
    }

    private void Apply(ReadOnlySpan<byte> line, bool rejoinAfterLeave)
    {
        if (TryPrefix(line, SerfSnapshotLines.Alive, out var rest)) ApplyAlive(rest);
        else if (TryPrefix(line, SerfSnapshotLines.NotAlive, out rest)) _alive.Remove(Encoding.UTF8.GetString(rest));
        else if (TryTime(line, SerfSnapshotLines.Clock, out ulong time)) Clock = time;
        else if (TryTime(line, SerfSnapshotLines.EventClock, out time)) EventClock = time;
        else if (TryTime(line, SerfSnapshotLines.QueryClock, out time)) QueryClock = time;
        else if (line.SequenceEqual(SerfSnapshotLines.Leave) && !rejoinAfterLeave) Forget();
    }

    private void ApplyAlive(ReadOnlySpan<byte> rest)
    {
        int space = rest.LastIndexOf((byte)' ');                     // names may contain spaces
        if (space < 0 || !IPEndPoint.TryParse(Encoding.UTF8.GetString(rest[(space + 1)..]), out var address)) return;
        string name = Encoding.UTF8.GetString(rest[..space]);
        if (_alive.Count < GossipLimits.SnapshotNodesMax || _alive.ContainsKey(name)) _alive[name] = address;
    }

    private void Forget()
    {
        _alive.Clear();
        (Clock, EventClock, QueryClock) = (0, 0, 0);
    }

    private static bool TryPrefix(ReadOnlySpan<byte> line, ReadOnlySpan<byte> prefix, out ReadOnlySpan<byte> rest)
    {
        bool isThere = line.StartsWith(prefix);
        rest = isThere ? line[prefix.Length..] : default;
        return isThere;
    }

    private static bool TryTime(ReadOnlySpan<byte> line, ReadOnlySpan<byte> prefix, out ulong time)
    {
        time = 0;
        return TryPrefix(line, prefix, out var rest) && Utf8Parser.TryParse(rest, out time, out int used) && used == rest.Length;
    }
}
