using Conclave.Core;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Swim;

/// <summary>
/// Membership by probes and rumours (SWIM with Lifeguard's additions), as memberlist speaks it. Told what happened, it changes its members, writes what it wants
/// done into the outbox and calls the layer above. Single-threaded; time comes with <see cref="Tick"/> and stands still until the next one.
/// </summary>
internal sealed partial class SwimCore
{
    private readonly GossipConfig _config;
    private readonly ISwimOwner _owner;
    private readonly GossipOutbox _outbox;
    private readonly GossipScratch _scratch;
    private readonly Prng _random;
    private readonly NodeTable _nodes;

    /// <summary>Sets up a pool of one. <see cref="Start"/> begins its life.</summary>
    /// <param name="config">Settings, valid.</param>
    /// <param name="keyring">Keys, or null for no encryption. Changes take effect at once.</param>
    /// <param name="owner">The layer above.</param>
    /// <param name="outbox">Where wishes go.</param>
    /// <param name="scratch">Working memory, shared by pools on one thread.</param>
    /// <param name="random">Chance.</param>
    /// <param name="now">Time of the first turn.</param>
    public SwimCore(GossipConfig config, Keyring? keyring, ISwimOwner owner, GossipOutbox outbox, GossipScratch scratch, Prng random, Instant now)
    {
        _config = config;
        Keyring = keyring;
        _owner = owner;
        _outbox = outbox;
        _scratch = scratch;
        _random = random;
        _nodes = new NodeTable(scratch);
        NextWake = now;
    }

    /// <summary>The keys, or null.</summary>
    public Keyring? Keyring { get; }

    /// <summary>When <see cref="Tick"/> wants to be called at the latest.</summary>
    public Instant NextWake { get; private set; }

    /// <summary>How often a broadcast is sent in a pool of this size.</summary>
    public int TransmitLimit => Broadcasts.BroadcastQueue.TransmitLimit(_config.RetransmitMult, _nodes.Count);

    /// <summary>0: all is well. The higher, the more this member doubts itself.</summary>
    public int HealthScore { get; private set; }

    /// <summary>Members in any state, ourselves included, in an order that chance has made.</summary>
    public IReadOnlyList<SwimNode> Nodes => _nodes.Nodes;

    /// <summary>Members in any state.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>Members that are alive or suspect.</summary>
    public int AliveCount { get; private set; }

    /// <summary>Rumours about members that are to be sent.</summary>
    public int QueueDepth => 0;

    /// <summary>What was counted.</summary>
    public SwimNumbers Numbers { get; } = new();

    /// <summary>A member by name, or null.</summary>
    public SwimNode? Find(string name) => _nodes.Find(name);

    /// <summary>Announces ourselves.</summary>
    public void Start() => NextWake = Instant.Never;

    /// <summary>Time has come to here.</summary>
    public void Tick(Instant now) => NextWake = Instant.Never;

    /// <summary>A packet arrived.</summary>
    public void OnDatagram(GossipEndpoint from, ReadOnlySpan<byte> packet) => Numbers.PacketsIn++;

    /// <summary>Somebody opened a stream; false when it is to be closed at once.</summary>
    public bool TryAccept(long stream, GossipEndpoint from) => false;

    /// <summary>More bytes of a stream.</summary>
    public void OnStreamBytes(long stream, ReadOnlySpan<byte> bytes) => Numbers.BytesIn += bytes.Length;

    /// <summary>A stream ended, or could not be opened.</summary>
    public void OnStreamEnded(long stream, string? error) => Numbers.MessagesDropped++;

    /// <summary>Exchanges states with somebody; <see cref="ISwimOwner.OnExchanged"/> tells how it ended.</summary>
    public long Exchange(GossipTarget target, bool isJoin) => 0;

    /// <summary>Tells all that we leave; <see cref="ISwimOwner.OnLeaveSent"/> tells when that has gone out.</summary>
    public void Leave() => _owner.OnLeaveSent();

    /// <summary>Tells all about the changed <see cref="ISwimOwner.Meta"/>.</summary>
    public void UpdateMeta() => Numbers.Refutations++;

    /// <summary>Sends a Serf message to one member.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="name">Its name, or empty when it is not known.</param>
    /// <param name="serfMessage">The message with Serf's type byte.</param>
    public void SendUser(GossipEndpoint to, string name, ReadOnlySpan<byte> serfMessage) => Numbers.PacketsOut++;

    /// <summary>Drops a dead member or one that left, at once.</summary>
    public void Forget(string name) => _nodes.Find(name);
}
