using System.Diagnostics;
using Conclave.Core;
using Conclave.Gossip;
using Conclave.Gossip.Swim;

namespace Conclave.Simulation.Gossip;

/// <summary>
/// A pool of any size without faults: everybody joins at once, then it idles, then some are killed, then a tenth of it at once. Without compression, which would
/// take a third of the time: the bytes are those of the messages.
/// </summary>
internal sealed class PoolTrial
{
    private const int KillsMax = 5;
    private static readonly TimeSpan s_joinWithin = TimeSpan.FromSeconds(5), s_look = TimeSpan.FromSeconds(1), s_bound = TimeSpan.FromMinutes(30), s_say = TimeSpan.FromSeconds(30);

    private readonly SimWorld _world;
    private readonly GossipCluster _cluster;
    private readonly PoolMeter _meter;
    private readonly Prng _chance;
    private readonly int _nodes;

    public PoolTrial(ulong seed, int nodes)
    {
        _nodes = nodes;
        _world = new SimWorld(seed) { EventsMax = long.MaxValue };
        _chance = _world.Stream("trial");
        var swarm = new GossipSwarm
        {
            Nodes = nodes,
            Hardships = Hardship.None,
            Profile = "lan",
            Loss = 0,
            IsEncrypted = false,
            IsCompressed = false,
            HasTinyLimits = false,
            KeepsSnapshot = false,
            Chaos = TimeSpan.Zero,
        };
        _meter = new PoolMeter(_world);
        _cluster = new GossipCluster(_world, swarm, mutation: null) { Meter = _meter };
    }

    /// <summary>Told what goes on; a large pool takes minutes.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>Runs all of it.</summary>
    /// <exception cref="SimFailureException">The pool did not come to agree.</exception>
    public PoolMeasurement Run()
    {
        var watch = Stopwatch.StartNew();
        long heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        double join = Join();
        Progress($"{_nodes} joined after {join:F1} s");
        Settle();
        long heap = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
        Progress($"heap {heap / 1e6:F0} MB, {(double)heap / _nodes / _nodes:F0} bytes for each member known");
        var (idleBytes, idlePackets) = Idle();
        Progress($"idle: {idleBytes:F0} bytes/s, {idlePackets:F1} packets/s");
        var (first, all, busy) = KillSome();
        Progress($"a kill is detected after {first:F2} s and known to all after {all:F2} s");
        double tenth = KillTenth();
        Progress($"a tenth killed at once is known to all after {tenth:F1} s; false failures {_meter.FalseFailures}");
        return new PoolMeasurement
        {
            Nodes = _nodes,
            JoinSeconds = join,
            DetectSeconds = first,
            AllKnowSeconds = all,
            TenthSeconds = tenth,
            IdleBytesPerSecond = idleBytes,
            IdlePacketsPerSecond = idlePackets,
            BusyBytesPerSecond = busy,
            BytesPerMember = (double)heap / _nodes / _nodes,
            FalseFailures = _meter.FalseFailures,
            Events = _world.EventCount,
            RealSeconds = watch.Elapsed.TotalSeconds,
        };
    }

    private double Join()
    {
        var since = _world.Now;
        foreach (var node in _cluster.Processes)
        {
            var process = node;
            _world.After(process.Id == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(100) + _chance.NextTimeSpan(s_joinWithin), process.Start);
        }
        Expect(() => _cluster.Processes.All(node => node.Phase == NodePhase.Member && node.Pool.AliveCount == _nodes), "all joined");
        return (_world.Now - since).TotalSeconds;
    }

    // Rumours go on being told for a while after everybody has heard them.
    private void Settle() => Expect(() => QueueChecker.Waiting(_cluster) == 0, "all said");

    // Over a whole interval between exchanges of states, or a multiple: members that started together exchange at about the same time.
    private (double Bytes, double Packets) Idle()
    {
        var time = SwimCore.ScaledPushPullInterval(GossipConfig.Lan("x", GossipCluster.EndpointOf(0)).PushPullInterval, _nodes) * (_nodes > 200 ? 1 : 4);
        var (packets, bytes) = Sent();
        _world.RunFor(time);
        var (packetsAfter, bytesAfter) = Sent();
        double nodeSeconds = _nodes * time.TotalSeconds;
        return ((bytesAfter - bytes) / nodeSeconds, (packetsAfter - packets) / nodeSeconds);
    }

    private (double First, double All, double Busy) KillSome()
    {
        int kills = Math.Min(KillsMax, Math.Max(1, _nodes / 3)), alive = _cluster.Live.Count() - kills;
        var (_, bytes) = Sent();
        var since = _world.Now;
        for (int i = 0; i < kills; i++) Kill();
        Expect(() => _meter.HaveHeard(alive), "the killed are known");
        var (first, all, _) = _meter.Times();
        var (_, bytesAfter) = Sent();
        double busy = (bytesAfter - bytes) / (alive * (_world.Now - since).TotalSeconds);
        Settle();
        return (first.TotalSeconds, all.TotalSeconds, busy);
    }

    private double KillTenth()
    {
        int kills = Math.Max(1, _nodes / 10), alive = _cluster.Live.Count() - kills;
        if (alive < 1) return 0;
        _meter.Forget();
        for (int i = 0; i < kills; i++) Kill();
        Expect(() => _meter.HaveHeard(alive), "a tenth of the members is known to have failed");
        return _meter.Times().Worst.TotalSeconds;
    }

    private void Kill()
    {
        var live = _cluster.Live.ToList();
        var victim = live[(int)_chance.Next(live.Count)];
        victim.Kill(keepFiles: true, machineDead: true);
        _meter.Killed(victim);
    }

    private (long Packets, long Bytes) Sent()
    {
        long packets = 0, bytes = 0;
        for (int node = 0; node < _nodes; node++)
        {
            var (sentPackets, sentBytes) = _cluster.Network.Sent(node);
            packets += sentPackets;
            bytes += sentBytes;
        }
        return (packets, bytes);
    }

    private void Expect(Func<bool> holds, string what)
    {
        var said = _world.Now;
        if (!_world.RunUntil(HoldsOrSay, s_look, s_bound)) SimFailureException.Liveness("large pool", $"{_nodes} members: not within {s_bound.TotalMinutes} minutes: {what}");

        bool HoldsOrSay()
        {
            if (holds()) return true;
            if (_world.Now - said < s_say) return false;
            said = _world.Now;
            // Left to itself, the collector lets as many rumours that were told lie about as there are members known.
            long heap = GC.GetTotalMemory(forceFullCollection: true);
            Progress($"{(_world.Now - new Instant(0)).TotalSeconds:F0} virtual s, {_world.EventCount / 1e6:F1} million events, heap {heap / 1e6:F0} MB: waiting for: {what}");
            return false;
        }
    }
}
