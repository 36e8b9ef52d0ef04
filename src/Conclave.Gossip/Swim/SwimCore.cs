using Conclave.Core;
using Conclave.Gossip.Broadcasts;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Swim;

/// <summary>
/// Membership by probes and rumours (SWIM with Lifeguard's additions), as memberlist speaks it. Told what happened, it changes its members, writes what it wants
/// done into the outbox and calls the layer above. Single-threaded; time comes with <see cref="Tick"/> and stands still until the next one.
/// </summary>
internal sealed partial class SwimCore
{
    private const string Area = "memberlist";

    private readonly GossipConfig _config;
    private readonly ISwimOwner _owner;
    private readonly GossipOutbox _outbox;
    private readonly GossipScratch _scratch;
    private readonly Prng _random;
    private readonly Prng _nonces;
    private readonly NetworkFilter _allowed;
    private readonly NodeTable _nodes;
    private readonly RumorQueue _rumors;
    private readonly SwimNode _self;
    private readonly LogGate _logGate = new();

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
        _random = random.Split("swim");
        _nonces = random.Split("nonces");
        _allowed = new NetworkFilter(config.AllowedNetworks);
        _nodes = new NodeTable(scratch);
        _rumors = new RumorQueue(scratch);
        _self = owner.NodeFor(scratch.Name(config.Name));
        (_self.Endpoint, _self.Incarnation, _self.ChangedAt) = (config.Advertise, 1, now);
        _now = now;
        _clock = now;
    }

    /// <summary>The keys, or null.</summary>
    public Keyring? Keyring { get; }

    /// <summary>How often a broadcast is sent in a pool of this size.</summary>
    public int TransmitLimit => BroadcastQueue.TransmitLimit(_config.RetransmitMult, _nodes.Count);

    /// <summary>0: all is well. The higher, the more this member doubts itself, and the longer it waits before it accuses others.</summary>
    public int HealthScore { get; private set; }

    /// <summary>Members in any state, ourselves included, in an order that chance has made.</summary>
    public IReadOnlyList<SwimNode> Nodes => _nodes.Nodes;

    /// <summary>Members in any state.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>Members that are alive or suspect.</summary>
    public int AliveCount { get; private set; }

    /// <summary>Rumours about members that are to be sent.</summary>
    public int QueueDepth => _rumors.Count;

    /// <summary>What was counted.</summary>
    public SwimNumbers Numbers { get; } = new();

    /// <summary>A member by name, or null.</summary>
    public SwimNode? Find(string name) => _nodes.Find(name);

    /// <summary>A member by the bytes of its name, or null.</summary>
    public SwimNode? Find(ReadOnlySpan<byte> name) => _nodes.Find(name);

    /// <summary>A member by the bytes of its name and their hash, or null.</summary>
    public SwimNode? Find(ReadOnlySpan<byte> name, ulong hash) => _nodes.Find(name, hash);

    /// <summary>Announces ourselves and begins to probe and to gossip, each at its own random moment, so that members started together do not act together.</summary>
    public void Start()
    {
        ProtocolVersions.TryParse(_config.Versions.Span, out var versions);
        _self.Versions = versions.Pack();
        _self.SetMeta(_scratch.Copy(_owner.Meta.Span));
        _nodes.Add(_self, _random);
        AliveCount = 1;
        TellAlive(_self);
        StartTimers();
        _owner.OnJoined(_self);
    }

    private void ChangeHealth(int by) => HealthScore = Math.Clamp(HealthScore + by, 0, Math.Max(0, _config.AwarenessMaxMultiplier - 1));

    private void Log(GossipLogLevel level, string text) => _outbox.Write(level, Area, text);
}
