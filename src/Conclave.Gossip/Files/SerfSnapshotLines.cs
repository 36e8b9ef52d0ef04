using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Conclave.Gossip.Files;

/// <summary>Writes the lines of a Serf snapshot file.</summary>
public static class SerfSnapshotLines
{
    internal static ReadOnlySpan<byte> Alive => "alive: "u8;

    internal static ReadOnlySpan<byte> NotAlive => "not-alive: "u8;

    internal static ReadOnlySpan<byte> Clock => "clock: "u8;

    internal static ReadOnlySpan<byte> EventClock => "event-clock: "u8;

    internal static ReadOnlySpan<byte> QueryClock => "query-clock: "u8;

    internal static ReadOnlySpan<byte> Leave => "leave"u8;

    /// <summary>A member is there. False, and nothing written, for a name with a line break in it: it would write lines of its own.</summary>
    public static bool TryWriteAlive(IBufferWriter<byte> output, string name, IPEndPoint address) => TryWrite(output, Alive, name, $" {address}");

    /// <summary>A member has left or failed. False, and nothing written, for a name with a line break in it.</summary>
    public static bool TryWriteNotAlive(IBufferWriter<byte> output, string name) => TryWrite(output, NotAlive, name, "");

    /// <summary>The members' clock was last seen at this time.</summary>
    public static void WriteClock(IBufferWriter<byte> output, ulong time) => WriteTime(output, Clock, time);

    /// <summary>The events' clock was last seen at this time.</summary>
    public static void WriteEventClock(IBufferWriter<byte> output, ulong time) => WriteTime(output, EventClock, time);

    /// <summary>The queries' clock was last seen at this time.</summary>
    public static void WriteQueryClock(IBufferWriter<byte> output, ulong time) => WriteTime(output, QueryClock, time);

    /// <summary>We leave gracefully.</summary>
    public static void WriteLeave(IBufferWriter<byte> output) => TryWrite(output, Leave, "", "");

    private static void WriteTime(IBufferWriter<byte> output, ReadOnlySpan<byte> prefix, ulong time) => TryWrite(output, prefix, time.ToString(CultureInfo.InvariantCulture), "");

    private static bool TryWrite(IBufferWriter<byte> output, ReadOnlySpan<byte> prefix, string text, string rest)
    {
        if (text.Contains('\n')) return false;
        output.Write(prefix);
        Encoding.UTF8.GetBytes(text + rest + "\n", output);
        return true;
    }
}
