using Conclave.Core;
using Conclave.Gossip.Broadcasts;

namespace Conclave.Gossip.Swim;

/// <summary>State of a member as probes and rumours have it.</summary>
internal enum SwimState : byte
{
    Alive = 0,
    Suspect = 1,
    Dead = 2,
    Left = 3,
}

/// <summary>
/// A member as membership knows it. One object for each, made by the layer above, which adds what it knows besides. There may be millions of these in a process
/// that simulates a large pool, so the fields are packed: 96 bytes.
/// </summary>
/// <param name="name">Name, unique in the pool.</param>
internal class SwimNode(NodeName name)
{
    private ulong _addressHigh;
    private ulong _addressLow;
    private byte[] _meta = [];
    private ushort _port;
    private bool _isIPv6;

    public string Name => name.Text;

    /// <summary>The name in its forms.</summary>
    public NodeName Key => name;

    public GossipEndpoint Endpoint
    {
        get => new(new UInt128(_addressHigh, _addressLow), _isIPv6, _port);
        set => (_addressHigh, _addressLow, _isIPv6, _port) = ((ulong)(value.Address >> 64), (ulong)value.Address, value.IsIPv6, value.Port);
    }

    /// <summary>Encoded tags as received; never changed in place.</summary>
    public ReadOnlyMemory<byte> Meta => _meta;

    /// <summary>Six versions, as <see cref="Messages.ProtocolVersions.Pack"/> puts them together.</summary>
    public ulong Versions { get; set; }

    public uint Incarnation { get; set; }

    public SwimState State { get; set; }

    /// <summary>Whether it is alive or suspect.</summary>
    public bool IsThere => State <= SwimState.Suspect;

    /// <summary>When <see cref="State"/> changed last.</summary>
    public Instant ChangedAt { get; set; }

    /// <summary>Place in the list of members.</summary>
    internal int Index { get; set; }

    /// <summary>While it is suspected: by whom and until when.</summary>
    internal Suspicion? Suspicion { get; set; }

    /// <summary>What is still being told to others about it.</summary>
    internal Rumor? Rumor { get; set; }

    internal void SetMeta(byte[] meta) => _meta = meta;
}
