namespace Conclave.Gossip;

/// <summary>Bounds of everything that comes from the network or from files. Constants: they protect the process, so nobody has a reason to lift them.</summary>
public static class GossipLimits
{
    /// <summary>Longest packet taken, in bytes: the most that UDP can carry, rounded up.</summary>
    public const int PacketBytesMax = 65_536;

    /// <summary>Bytes that one packet may unpack to, all its compressed parts together. Twice the longest packet: senders compress what would have fitted plain.</summary>
    public const int PacketUnpackedBytesMax = 2 * PacketBytesMax;

    /// <summary>Compounds and compressions that may lie within each other in one packet. Senders use two.</summary>
    public const int PacketNestingMax = 8;

    /// <summary>Longest encrypted block on a stream, in bytes, as the peers have it.</summary>
    public const int EncryptedBlockBytesMax = 20 * 1024 * 1024;

    /// <summary>Longest message on a stream, unencrypted and unpacked, in bytes. The newest peers stop unpacking here.</summary>
    public const int StreamMessageBytesMax = 40 * 1024 * 1024;

    /// <summary>Longest application state within a push/pull, and longest user message on a stream, in bytes.</summary>
    public const int UserStateBytesMax = 20 * 1024 * 1024;

    /// <summary>Members in one push/pull.</summary>
    public const int PushPullNodesMax = 1 << 20;

    /// <summary>Longest entry of a member in a push/pull, in bytes: its metadata has 512, the rest is a name, an address and numbers.</summary>
    public const int NodeStateBytesMax = 16 * 1024;

    /// <summary>Longest metadata of a member in bytes, magic byte included.</summary>
    public const int MetaBytesMax = 512;

    /// <summary>Longest label in bytes; its length is one byte on the wire.</summary>
    public const int LabelBytesMax = byte.MaxValue;

    /// <summary>Parts of a compound; their count is one byte on the wire.</summary>
    public const int CompoundPartsMax = byte.MaxValue;

    /// <summary>Longest query or response in bytes, as the peers have it.</summary>
    public const int QueryBytesMax = 1024;

    /// <summary>Longest user event in bytes, encoded, as the peers have it by default.</summary>
    public const int UserEventBytesMax = 512;

    /// <summary>Keys in a keyring. Peers have no bound; a rotation needs two.</summary>
    public const int KeysMax = 64;

    /// <summary>Longest keyring file in bytes: room for <see cref="KeysMax"/> keys and generous white space.</summary>
    public const int KeyringFileBytesMax = 16 * 1024;

    /// <summary>Longest line of a snapshot file in bytes; longer ones are skipped.</summary>
    public const int SnapshotLineBytesMax = 4096;

    /// <summary>Members remembered from a snapshot file. Later ones are passed over: rejoining needs one that answers.</summary>
    public const int SnapshotNodesMax = 1 << 16;

    /// <summary>Members of a pool, gone ones included. Peers have no bound; the largest pools known have a tenth of this.</summary>
    public const int MembersMax = 1 << 16;

    /// <summary>Streams that others have open to us while we wait for what they say, as the peers have it.</summary>
    public const int StreamsAcceptedMax = 128;

    /// <summary>Bytes collected by all streams of a pool together. At the bound the stream with most of them is given up.</summary>
    public const int StreamBytesTotalMax = 64 * 1024 * 1024;

    /// <summary>Probes on behalf of others at one time; more are not carried out.</summary>
    public const int RelaysMax = 1024;

    /// <summary>Parts of a packet that cannot be read, after which the rest of it is dropped: each costs far more than one that can.</summary>
    public const int PacketFaultsMax = 4;

    /// <summary>Members that are told at once, and not by gossip alone, that somebody leaves. In larger pools gossip repeats itself often enough.</summary>
    public const int ToldAtOnceMax = 64;
}
