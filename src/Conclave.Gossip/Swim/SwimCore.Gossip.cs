using Conclave.Core;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    // Up to this size every exchange of states comes at the configured interval; beyond, each doubling adds one interval.
    private const int PushPullUnscaledMax = 32;

    // In pools that are large for the number wanted, drawing and rejecting is cheaper than looking at everybody.
    private const int DrawsPerPick = 3, DrawFromSize = 64;

    private readonly List<SwimNode> _picked = [];

    private enum PickKind
    {
        /// <summary>Alive members.</summary>
        Alive,

        /// <summary>Alive and suspect members, and those that died so recently that they may hear it and refute.</summary>
        Hearers,
    }

    private void Gossip()
    {
        var packet = _scratch.Packet;
        PickRandom(_config.GossipNodes, PickKind.Hearers, except: null);
        foreach (var node in _picked)
        {
            packet.Reset(PacketRoom);
            FillWithNews(packet);
            if (packet.Count == 0) break;
            Send(node.Endpoint, packet.Build(), MaxVersionOf(node) >= ChecksumSince);
        }
        _picked.Clear();
    }

    private void OnPushPullTick()
    {
        SetTimer(ScaledPushPullInterval(_config.PushPullInterval, _nodes.Count), new(TimerKind.PushPull));
        PickRandom(1, PickKind.Alive, except: null);
        if (_picked.Count > 0) DialExchange(_picked[0].Endpoint, isJoin: false, ticket: 0);
        _picked.Clear();
    }

    internal static TimeSpan ScaledPushPullInterval(TimeSpan interval, int members)
    {
        if (members <= PushPullUnscaledMax) return interval;
        return interval * (Math.Ceiling(Math.Log2(members) - Math.Log2(PushPullUnscaledMax)) + 1);
    }

    /// <summary>Puts up to <paramref name="wanted"/> members, never ourselves, into <see cref="_picked"/>, which the caller clears.</summary>
    private void PickRandom(int wanted, PickKind kind, SwimNode? except)
    {
        if (_nodes.Count < DrawFromSize) PickFromAll(wanted, kind, except);
        else PickByDrawing(wanted, kind, except);
    }

    // Each eligible member has the same chance: the n-th one takes a place with chance wanted/n.
    private void PickFromAll(int wanted, PickKind kind, SwimNode? except)
    {
        int eligible = 0;
        for (int i = 0; i < _nodes.Count; i++)
        {
            var node = _nodes[i];
            if (node == except || !MayBePicked(node, kind)) continue;
            eligible++;
            if (_picked.Count < wanted) _picked.Add(node);
            else if (wanted > 0 && _random.Next(eligible) is var place && place < wanted) _picked[(int)place] = node;
        }
    }

    private void PickByDrawing(int wanted, PickKind kind, SwimNode? except)
    {
        for (int draws = DrawsPerPick * _nodes.Count; draws > 0 && _picked.Count < wanted; draws--)
        {
            var node = _nodes[(int)_random.Next(_nodes.Count)];
            if (node != except && MayBePicked(node, kind) && !_picked.Contains(node)) _picked.Add(node);
        }
    }

    private bool MayBePicked(SwimNode node, PickKind kind)
    {
        if (node == _self) return false;
        if (kind == PickKind.Alive) return node.State == SwimState.Alive;
        return node.IsThere || (node.State == SwimState.Dead && _now - node.ChangedAt <= _config.GossipToTheDeadTime);
    }
}
