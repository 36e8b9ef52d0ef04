using Conclave.Core;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>What all parts of Serf work with: settings, clocks, time, chance, the layer below, and where wishes go.</summary>
internal sealed class SerfContext : IDisposable
{
    /// <summary>Room for nearly every message; the buffer grows for the others.</summary>
    private const int BufferBytes = 256;

    private readonly LogGate _logGate = new();
    private ulong _lastVersions;
    private ReadOnlyMemory<byte> _lastVersionBytes;

    public required GossipConfig Config { get; init; }

    public required GossipOutbox Outbox { get; init; }

    public required GossipScratch Scratch { get; init; }

    public required Prng Random { get; init; }

    /// <summary>Our name.</summary>
    public required NodeName Self { get; init; }

    /// <summary>Our tags.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; set; }

    /// <summary>Our tags as they are told to others.</summary>
    public required ReadOnlyMemory<byte> Meta { get; set; }

    /// <summary>Time of this turn.</summary>
    public Instant Now { get; set; }

    /// <summary>The layer below. Set before the first input.</summary>
    public SwimCore Swim { get; set; } = null!;

    public LamportClock MemberClock { get; } = new();

    public LamportClock EventClock { get; } = new();

    public LamportClock QueryClock { get; } = new();

    public SerfTimers Timers { get; } = new();

    /// <summary>Where messages are put together; worth nothing after the next one.</summary>
    public PooledBuffer Buffer { get; } = new(BufferBytes);

    /// <summary>Messages refused or not understood.</summary>
    public long MessagesDropped { get; set; }

    public void Log(GossipLogLevel level, string text) => Outbox.Write(level, "serf", text);

    /// <summary>A line that others can cause as often as they like: only so many get through.</summary>
    public void LogOfOthers(GossipLogLevel level, string text)
    {
        if (_logGate.TryPass(Now)) Log(level, text);
    }

    /// <summary>Versions as members are shown with them. Nearly all members of a pool have the same.</summary>
    public ReadOnlyMemory<byte> VersionBytes(ulong packed)
    {
        if (packed == _lastVersions) return _lastVersionBytes;
        var bytes = new byte[ProtocolVersions.Size];
        ProtocolVersions.Unpack(packed).CopyTo(bytes);
        (_lastVersions, _lastVersionBytes) = (packed, bytes);
        return bytes;
    }

    public void Dispose() => Buffer.Dispose();
}
