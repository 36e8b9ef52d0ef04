namespace Conclave.Gossip.Swim;

/// <summary>What was counted since the start.</summary>
internal sealed class SwimNumbers
{
    public long PacketsIn { get; internal set; }

    public long BytesIn { get; internal set; }

    public long PacketsOut { get; internal set; }

    public long BytesOut { get; internal set; }

    /// <summary>Packets dropped as a whole: of another pool, not decrypted, damaged.</summary>
    public long PacketsDropped { get; internal set; }

    /// <summary>Messages within packets and streams that could not be read.</summary>
    public long MessagesDropped { get; internal set; }

    /// <summary>Gaps in which this process did not run for so long that its timers were set back.</summary>
    public long Pauses { get; internal set; }

    /// <summary>Probes that nobody answered.</summary>
    public long ProbesFailed { get; internal set; }

    /// <summary>Times this member had to say that it is there after all.</summary>
    public long Refutations { get; internal set; }
}
