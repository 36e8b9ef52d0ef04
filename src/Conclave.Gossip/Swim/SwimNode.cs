using Conclave.Core;

namespace Conclave.Gossip.Swim;

/// <summary>State of a member as probes and rumours have it.</summary>
internal enum SwimState : byte
{
    Alive = 0,
    Suspect = 1,
    Dead = 2,
    Left = 3,
}

/// <summary>A member as membership knows it. One object for each; what Serf knows besides stands in the derived part it hangs on <see cref="Serf"/>.</summary>
/// <param name="name">Name, unique in the pool.</param>
internal sealed class SwimNode(string name)
{
    public string Name { get; } = name;

    public GossipEndpoint Endpoint { get; set; }

    /// <summary>Encoded tags as received; never changed in place.</summary>
    public ReadOnlyMemory<byte> Meta { get; set; }

    /// <summary>Six versions: membership protocol lowest, highest, current; the same of the delegate's.</summary>
    public ulong Versions { get; set; }

    public uint Incarnation { get; set; }

    public SwimState State { get; set; }

    /// <summary>When <see cref="State"/> changed last.</summary>
    public Instant ChangedAt { get; set; }

    /// <summary>The layer above keeps its part of the member here.</summary>
    public object? Serf { get; set; }
}
