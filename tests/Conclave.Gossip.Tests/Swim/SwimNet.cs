using System.Net;
using System.Text;
using Conclave.Core;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>Members on a network without delay in virtual time. Packets and streams can be lost by rule; everything is a function of the seeds.</summary>
internal sealed class SwimNet
{
    private readonly List<SwimHost> _hosts = [];
    private readonly Dictionary<(SwimHost Host, long Stream), (SwimHost Host, long Stream)> _streams = [];
    private readonly HashSet<SwimHost> _stopped = [];
    private readonly Dictionary<SwimHost, List<Action>> _paused = [];
    private readonly PriorityQueue<Action, (Instant, int)> _inFlight = new();
    private long _lastAccepted;
    private int _sent;

    public Instant Now { get; private set; } = new(1_000_000_000);

    /// <summary>How long packets and streams take.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Whether a packet from one member to another gets lost.</summary>
    public Func<SwimHost, SwimHost, bool> LosesPacket { get; set; } = (_, _) => false;

    /// <summary>Whether a stream cannot be opened.</summary>
    public Func<SwimHost, SwimHost, bool> RefusesStream { get; set; } = (_, _) => false;

    /// <summary>Packets that were sent, as sent.</summary>
    public List<(SwimHost From, GossipEndpoint To, byte[] Bytes)> Packets { get; } = [];

    /// <summary>Log lines of all members.</summary>
    public List<string> Log { get; } = [];

    public IReadOnlyList<SwimHost> Hosts => _hosts;

    public static GossipEndpoint EndpointOf(int number, int port = 8301) => GossipEndpoint.From(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), port);

    public SwimHost Add(string name, Func<GossipConfig, GossipConfig>? adapt = null, Keyring? keyring = null, GossipScratch? scratch = null)
    {
        var config = GossipConfig.Lan(name, EndpointOf(_hosts.Count + 1));
        var host = new SwimHost(adapt?.Invoke(config) ?? config, Now, (ulong)_hosts.Count + 1, keyring, scratch);
        host.OwnMeta = Encoding.UTF8.GetBytes("meta of " + name);
        _hosts.Add(host);
        host.Core.Start();
        CarryOut(host);
        return host;
    }

    /// <summary>Members that all know each other.</summary>
    public SwimHost[] AddPool(int count, Func<GossipConfig, GossipConfig>? adapt = null)
    {
        var hosts = new SwimHost[count];
        for (int i = 0; i < count; i++)
        {
            hosts[i] = Add(((char)('a' + i)).ToString(), adapt);
            if (i > 0) Join(hosts[i], hosts[0]);
        }
        Run(TimeSpan.FromSeconds(10));
        return hosts;
    }

    public long Join(SwimHost joiner, SwimHost existing)
    {
        long ticket = joiner.Core.Exchange(new GossipTarget(existing.Endpoint), isJoin: true);
        CarryOut(joiner);
        Run(Delay * 5);
        return ticket;
    }

    /// <summary>The member is gone without a word.</summary>
    public void Stop(SwimHost host) => _stopped.Add(host);

    /// <summary>The member's process does not run; what comes for it waits in its socket.</summary>
    public void Pause(SwimHost host)
    {
        _stopped.Add(host);
        _paused[host] = [];
    }

    /// <summary>The member's process goes on.</summary>
    public void Continue(SwimHost host)
    {
        _stopped.Remove(host);
        Turn(host);
        _paused.Remove(host, out var waiting);
        foreach (var act in waiting ?? []) Deliver(host, act);
    }

    /// <summary>Gives a member a packet, as it is on the wire.</summary>
    public void Give(SwimHost to, byte[] packet, GossipEndpoint? from = null)
    {
        to.Core.Tick(Now);
        to.Core.OnDatagram(from ?? EndpointOf(200), packet);
        CarryOut(to);
    }

    public void Do(SwimHost host, Action<SwimHost> action)
    {
        host.Core.Tick(Now);
        action(host);
        CarryOut(host);
    }

    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (Step(end))
        {
        }
        Now = end;
        foreach (var host in _hosts) Turn(host);
    }

    /// <summary>Runs until it is so; false when it is not within <paramref name="atMost"/>.</summary>
    public bool RunUntil(Func<bool> isSo, TimeSpan atMost)
    {
        var end = Now + atMost;
        while (!isSo())
            if (!Step(end)) return isSo();
        return true;
    }

    private bool Step(Instant end)
    {
        var next = _inFlight.TryPeek(out _, out var first) ? first.Item1 : Instant.Never;
        foreach (var host in _hosts)
            if (!_stopped.Contains(host) && host.Core.NextWake < next) next = host.Core.NextWake;
        if (next > end) return false;
        if (next > Now) Now = next;
        while (_inFlight.TryPeek(out var deliver, out var at) && at.Item1 <= Now)
        {
            _inFlight.Dequeue();
            deliver();
        }
        foreach (var host in _hosts)
            if (!_stopped.Contains(host) && host.Core.NextWake <= Now) Turn(host);
        return true;
    }

    private void Turn(SwimHost host)
    {
        if (_stopped.Contains(host)) return;
        host.Core.Tick(Now);
        CarryOut(host);
    }

    public void CarryOut(SwimHost host)
    {
        var outbox = host.Outbox;
        for (int i = 0; i < outbox.PacketCount; i++)
        {
            var packet = outbox.Packet(i);
            var bytes = packet.Bytes.ToArray();
            Packets.Add((host, packet.To, bytes));
            if (HostAt(packet.To) is { } to && !LosesPacket(host, to)) Later(to, () => to.Core.OnDatagram(host.Endpoint, bytes));
        }
        foreach (var dial in outbox.Dials) Dial(host, dial);
        foreach (var answer in outbox.Answers) Answer(host, answer);
        foreach (long stream in outbox.Closes) Close(host, stream);
        foreach (var line in outbox.Log) Log.Add($"{host.Name}: {line.Text}");
        outbox.Clear();
    }

    private void Dial(SwimHost host, GossipDial dial)
    {
        var to = HostAt(dial.To);
        if (to is null || RefusesStream(host, to))
        {
            Later(host, () => host.Core.OnStreamEnded(dial.Stream, "connection refused"));
            return;
        }
        long accepted = --_lastAccepted;
        var bytes = dial.Bytes.ToArray();
        Later(to, () =>
        {
            if (!to.Core.TryAccept(accepted, EndpointOf(250)))
            {
                Later(host, () => host.Core.OnStreamEnded(dial.Stream, null));
                return;
            }
            _streams[(host, dial.Stream)] = (to, accepted);
            _streams[(to, accepted)] = (host, dial.Stream);
            // In two pieces, as networks do.
            int half = bytes.Length / 2;
            to.Core.OnStreamBytes(accepted, bytes.AsSpan(0, half));
            to.Core.OnStreamBytes(accepted, bytes.AsSpan(half));
        });
    }

    private void Answer(SwimHost host, GossipAnswer answer)
    {
        if (!_streams.TryGetValue((host, answer.Stream), out var other)) return;
        var bytes = answer.Bytes.ToArray();
        Later(other.Host, () => other.Host.Core.OnStreamBytes(other.Stream, bytes));
        Close(host, answer.Stream);
        Later(host, () => host.Core.OnStreamEnded(answer.Stream, null));
    }

    private void Close(SwimHost host, long stream)
    {
        if (!_streams.Remove((host, stream), out var other)) return;
        _streams.Remove((other.Host, other.Stream));
        Later(other.Host, () => other.Host.Core.OnStreamEnded(other.Stream, null));
    }

    private void Later(SwimHost host, Action act) => _inFlight.Enqueue(() => Deliver(host, act), (Now + Delay, ++_sent));

    private void Deliver(SwimHost host, Action act)
    {
        if (_stopped.Contains(host))
        {
            if (_paused.TryGetValue(host, out var waiting)) waiting.Add(act);
            return;
        }
        host.Core.Tick(Now);
        act();
        CarryOut(host);
    }

    private SwimHost? HostAt(GossipEndpoint endpoint) => _hosts.Find(h => h.Endpoint == endpoint);
}
