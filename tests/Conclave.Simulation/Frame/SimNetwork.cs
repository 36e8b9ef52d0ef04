using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>How packets travel. Times are of one way.</summary>
internal sealed record LinkProfile
{
    public static LinkProfile Lan { get; } = new();

    public static LinkProfile Wan { get; } = new() { DelayMin = TimeSpan.FromMilliseconds(20), DelaySpread = TimeSpan.FromMilliseconds(60), TailMax = TimeSpan.FromMilliseconds(400) };

    public TimeSpan DelayMin { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>Most packets come within this time after the shortest, more of them early than late.</summary>
    public TimeSpan DelaySpread { get; init; } = TimeSpan.FromMicroseconds(400);

    /// <summary>Share of packets that are late.</summary>
    public double TailChance { get; init; } = 0.005;

    /// <summary>How late they are at most.</summary>
    public TimeSpan TailMax { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Share of datagrams that are lost.</summary>
    public double Loss { get; init; }

    /// <summary>Share of datagrams that arrive twice.</summary>
    public double Duplicate { get; init; }

    /// <summary>Share of datagrams held back for up to a second.</summary>
    public double Reorder { get; init; }
}

/// <summary>What a node hears from the network. Spans are lent for the call. Nothing is called while the node is paused.</summary>
internal interface INetworkHost
{
    /// <summary>When a pause ends; in the past when there is none.</summary>
    Instant PausedUntil { get; }

    void OnDatagram(int from, ReadOnlySpan<byte> bytes);

    /// <summary>Somebody has opened a stream. False refuses it.</summary>
    bool OnAccept(SimStreamEnd end, int from);

    /// <summary>The stream that was dialled is open. What was written before is on its way.</summary>
    void OnConnected(SimStreamEnd end);

    void OnStreamBytes(SimStreamEnd end, ReadOnlySpan<byte> bytes);

    /// <summary>The other side has closed (no error), or the stream is broken, or was never opened. Not called for what the node closed itself.</summary>
    void OnStreamEnded(SimStreamEnd end, string? error);
}

/// <summary>
/// Datagrams and byte streams between numbered nodes, with everything that can happen to them. Datagrams are copied into pooled packets; a delivered packet
/// costs no allocation. Each link draws from a stream of its own up to <see cref="LinksWithOwnChance"/> nodes, each sender from its own above.
/// </summary>
internal sealed partial class SimNetwork : SimActor
{
    /// <summary>Up to so many nodes every ordered pair has its own chance.</summary>
    public const int LinksWithOwnChance = 64;

    /// <summary>Datagrams that wait for a paused node, as in a socket's buffer; more are lost.</summary>
    public const int SocketDatagramsMax = 512;

    private const int Datagram = 0, Connect = 1, Segment = 2, Broken = 3, Opened = 4, Refused = 5;
    private static readonly TimeSpan s_reorderMax = TimeSpan.FromSeconds(1), s_loopbackDelay = TimeSpan.FromMicroseconds(20);

    private readonly Host[] _hosts;
    private readonly Dictionary<(int From, int To), Prng> _linkChance = [];
    private readonly Stack<Packet> _packets = new();
    private readonly List<Cut> _cuts = [];

    /// <summary>A network for nodes 0 to <paramref name="nodesMax"/> - 1.</summary>
    public SimNetwork(SimWorld world, int nodesMax) : base(world)
    {
        _hosts = new Host[nodesMax];
        for (int i = 0; i < nodesMax; i++) _hosts[i] = new Host();
    }

    /// <summary>How packets travel between two nodes that <see cref="ProfileOf"/> says nothing about.</summary>
    public LinkProfile Profile { get; set; } = LinkProfile.Lan;

    /// <summary>Links that differ, for example between datacenters.</summary>
    public Func<int, int, LinkProfile>? ProfileOf { get; set; }

    /// <summary>Added to every link's own share, while faults last.</summary>
    public double ExtraLoss { get; set; }

    public double ExtraDuplicate { get; set; }

    public double ExtraReorder { get; set; }

    /// <summary>Share of stream segments that break their stream.</summary>
    public double BreakChance { get; set; }

    /// <summary>Share of new streams that carry nothing in one direction.</summary>
    public double HalfOpenChance { get; set; }

    /// <summary>Longest datagram that gets through, in bytes.</summary>
    public int Mtu { get; set; } = int.MaxValue;

    /// <summary>Asked for each datagram before it is sent: false loses it. For planted bugs and for tests.</summary>
    public Func<int, int, ReadOnlyMemory<byte>, bool>? Filter { get; set; }

    public long DatagramsSent { get; private set; }

    public long DatagramsLost { get; private set; }

    public int NodesMax => _hosts.Length;

    /// <summary>Datagrams and bytes that a node has sent, datagrams and streams together.</summary>
    public (long Packets, long Bytes) Sent(int node) => (_hosts[node].PacketsOut, _hosts[node].BytesOut);

    /// <summary>A process listens at this node's address.</summary>
    public void Attach(int node, INetworkHost host)
    {
        _hosts[node].Process = host;
        _hosts[node].IsMachineDead = false;
    }

    /// <summary>The process is gone.</summary>
    /// <param name="node">Which.</param>
    /// <param name="machineDead">False: its machine says so to whoever talks to it. True: nobody answers.</param>
    public void Detach(int node, bool machineDead)
    {
        var host = _hosts[node];
        host.Process = null;
        host.IsMachineDead = machineDead;
        host.Socket++;
        host.Waiting = 0;
        for (int i = host.Ends.Count - 1; i >= 0; i--)
        {
            var end = host.Ends[i];
            if (!machineDead) SendBroken(end.Other, BrokenText(TextReset));
            end.IsBroken = true;
            Forget(end);
        }
    }

    public void SetClog(int node, TimeSpan extra) => _hosts[node].Clog = extra;

    public void SetLoss(int node, double loss) => _hosts[node].Loss = loss;

    /// <summary>Nodes for which <paramref name="isInside"/> holds and the others do not hear each other, or only the others hear nothing. Healed with <see cref="Heal"/>.</summary>
    public Cut Separate(Predicate<int> isInside, bool oneWay = false)
    {
        var cut = Cut.Between(_hosts.Length, isInside, oneWay);
        _cuts.Add(cut);
        return cut;
    }

    /// <summary>Two nodes do not hear each other.</summary>
    public Cut SeparateLink(int a, int b)
    {
        var cut = Cut.Link(a, b);
        _cuts.Add(cut);
        return cut;
    }

    public void Heal(Cut cut) => _cuts.Remove(cut);

    /// <summary>Ends everything that stands between the nodes.</summary>
    public void HealAll()
    {
        _cuts.Clear();
        (ExtraLoss, ExtraDuplicate, ExtraReorder, BreakChance, HalfOpenChance, Mtu) = (0, 0, 0, 0, 0, int.MaxValue);
        foreach (var host in _hosts) (host.Clog, host.Loss) = (TimeSpan.Zero, 0);
    }

    public bool IsCut(int from, int to)
    {
        foreach (var cut in _cuts)
            if (cut.Blocks(from, to)) return true;
        return false;
    }

    /// <summary>Sends a datagram; the bytes are copied.</summary>
    public void Send(int from, int to, ReadOnlyMemory<byte> bytes)
    {
        DatagramsSent++;
        var sender = _hosts[from];
        sender.PacketsOut++;
        sender.BytesOut += bytes.Length;
        if (Filter is { } filter && !filter(from, to, bytes))
        {
            DatagramsLost++;
            return;
        }
        if (from == to)
        {
            World.At(World.Now + s_loopbackDelay, this, Datagram, from, to, Take(bytes.Span));
            return;
        }
        var profile = ProfileOf?.Invoke(from, to) ?? Profile;
        var chance = ChanceOf(from, to);
        double loss = profile.Loss + ExtraLoss + sender.Loss + _hosts[to].Loss;
        if (bytes.Length > Mtu || IsCut(from, to) || (loss > 0 && chance.NextDouble() < loss))
        {
            DatagramsLost++;
            return;
        }
        SendOne(from, to, bytes.Span, profile, chance);
        double duplicate = profile.Duplicate + ExtraDuplicate;
        if (duplicate > 0 && chance.NextDouble() < duplicate) SendOne(from, to, bytes.Span, profile, chance);
    }

    public override void OnEvent(in SimEvent happened)
    {
        switch (happened.Kind)
        {
            case Datagram: Deliver((int)happened.A, (int)happened.B, (Packet)happened.Item!); break;
            case Connect: TryConnect((SimStreamEnd)happened.Item!, new Instant(happened.A)); break;
            case Segment: TryDeliver((SimStreamEnd)happened.Item!); break;
            case Broken: Break((SimStreamEnd)happened.Item!, BrokenText(happened.A)); break;
            case Refused: Break((SimStreamEnd)happened.Item!, BrokenText(happened.A)); break;
            case Opened: TellOpened((SimStreamEnd)happened.Item!); break;
        }
    }

    private void SendOne(int from, int to, ReadOnlySpan<byte> bytes, LinkProfile profile, Prng chance)
    {
        var delay = Delay(from, to, profile, chance);
        double reorder = profile.Reorder + ExtraReorder;
        if (reorder > 0 && chance.NextDouble() < reorder) delay += chance.NextTimeSpan(s_reorderMax);
        World.At(World.Now + delay, this, Datagram, from, to, Take(bytes));
    }

    private TimeSpan Delay(int from, int to, LinkProfile profile, Prng chance)
    {
        double early = chance.NextDouble();
        long ticks = profile.DelayMin.Ticks + (long)(early * early * profile.DelaySpread.Ticks);
        if (profile.TailChance > 0 && chance.NextDouble() < profile.TailChance) ticks += chance.Next(profile.TailMax.Ticks + 1);
        return new TimeSpan(ticks) + _hosts[from].Clog + _hosts[to].Clog;
    }

    private void Deliver(int from, int to, Packet packet)
    {
        var host = _hosts[to];
        // What waited in a socket is gone with it: a process that was started meanwhile has another one.
        bool isSocketThere = packet.Socket is Packet.NoSocket || packet.Socket == host.Socket;
        if (isSocketThere && host.Process is { } process && process.PausedUntil > World.Now && host.Waiting < SocketDatagramsMax)
        {
            host.Waiting++;
            packet.Socket = host.Socket;
            World.At(process.PausedUntil, this, Datagram, from, to, packet);
            return;
        }
        if (isSocketThere && host.Process is { } listening && listening.PausedUntil <= World.Now)
        {
            host.Waiting = 0;
            var bytes = packet.Bytes.AsSpan(0, packet.Length);
            World.Mix(bytes);
            listening.OnDatagram(from, bytes);
        }
        else DatagramsLost++;
        _packets.Push(packet);
    }

    private Packet Take(ReadOnlySpan<byte> bytes)
    {
        var packet = _packets.Count > 0 ? _packets.Pop() : new Packet();
        if (packet.Bytes.Length < bytes.Length) packet.Bytes = new byte[Math.Max(bytes.Length, Packet.UsualBytes)];
        bytes.CopyTo(packet.Bytes);
        packet.Length = bytes.Length;
        packet.Socket = Packet.NoSocket;
        return packet;
    }

    private Prng ChanceOf(int from, int to)
    {
        if (_hosts.Length > LinksWithOwnChance) return _hosts[from].Chance ??= World.Stream($"network/{from}");
        if (!_linkChance.TryGetValue((from, to), out var chance)) _linkChance.Add((from, to), chance = World.Stream($"network/{from}>{to}"));
        return chance;
    }

    private sealed class Host
    {
        public INetworkHost? Process;
        public bool IsMachineDead;
        public TimeSpan Clog;
        public double Loss;
        public int Waiting;
        public int Socket;
        public long PacketsOut, BytesOut;
        public Prng? Chance;
        public readonly List<SimStreamEnd> Ends = [];
    }

    private sealed class Packet
    {
        public const int UsualBytes = 512, NoSocket = -1;

        public byte[] Bytes = [];
        public int Length;

        /// <summary>The socket in which it waits for its process to go on, by number.</summary>
        public int Socket;
    }
}
