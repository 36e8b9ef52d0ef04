using System.Net;
using Conclave.Core;
using Conclave.Gossip.Files;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>Pools on a network with a fixed delay in virtual time. What gets lost is a matter of rules; everything is a function of the seeds.</summary>
internal sealed class PoolNet : IDisposable
{
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(1);

    private readonly List<PoolHost> _hosts = [];
    private readonly PriorityQueue<Action, (Instant, int)> _inFlight = new();
    private readonly Dictionary<(PoolHost, long), (PoolHost Host, long Stream)> _streams = [];
    private readonly GossipScratch _scratch = new(7, shareNames: true);
    private long _lastAccepted;
    private int _sent;

    public Instant Now { get; private set; } = new(1_000_000_000);

    public IReadOnlyList<PoolHost> Hosts => _hosts;

    /// <summary>Whether nothing gets from the one to the other.</summary>
    public Func<PoolHost, PoolHost, bool> IsCut { get; set; } = (_, _) => false;

    /// <summary>Packets that were sent, with the sender.</summary>
    public List<(PoolHost From, GossipEndpoint To, byte[] Bytes)> Packets { get; } = [];

    public static GossipEndpoint EndpointOf(int number) => GossipEndpoint.From(new IPAddress([10, 1, (byte)(number >> 8), (byte)number]), 8301);

    public PoolHost Add(string name, Func<GossipConfig, GossipConfig>? adapt = null, Keyring? keyring = null, SerfSnapshot? snapshot = null, GossipEndpoint? endpoint = null)
    {
        var config = GossipConfig.Lan(name, endpoint ?? EndpointOf(_hosts.Count + 1));
        config = adapt?.Invoke(config) ?? config;
        var pool = new GossipPool(config, new GossipStart(snapshot, keyring), new Prng((ulong)_hosts.Count + 1), Now, _scratch);
        var host = new PoolHost(name, config, pool);
        _hosts.Add(host);
        CarryOut(host);
        return host;
    }

    /// <summary>Members that all know each other: a, b, c and so on.</summary>
    public PoolHost[] AddPool(int count, Func<GossipConfig, GossipConfig>? adapt = null)
    {
        var hosts = new PoolHost[count];
        for (int i = 0; i < count; i++)
        {
            hosts[i] = Add(count <= 26 ? ((char)('a' + i)).ToString() : $"n{i}", adapt);
            if (i > 0) Join(hosts[i], hosts[0]);
        }
        Run(TimeSpan.FromSeconds(5));
        foreach (var host in hosts)
        {
            Assert.Equal(count, host.Pool.AliveCount);
            host.Events.Clear();
        }
        return hosts;
    }

    public void Join(PoolHost joiner, PoolHost existing, bool ignoreOldEvents = false)
    {
        Do(joiner, pool => pool.Join(1000, [new GossipTarget(existing.Endpoint)], ignoreOldEvents));
        Run(s_delay * 5);
    }

    /// <summary>Something its user, or its network, does to a pool.</summary>
    public void Do(PoolHost host, Action<GossipPool> act)
    {
        host.Pool.OnTick(Now);
        act(host.Pool);
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

    public bool RunUntil(Func<bool> isSo, TimeSpan atMost)
    {
        var end = Now + atMost;
        while (!isSo())
            if (!Step(end)) return isSo();
        return true;
    }

    public void Dispose()
    {
        foreach (var host in _hosts) host.Pool.Dispose();
        _scratch.Dispose();
    }

    private bool Step(Instant end)
    {
        var next = _inFlight.TryPeek(out _, out var first) ? first.Item1 : Instant.Never;
        foreach (var host in _hosts)
            if (!host.IsStopped && host.Pool.NextWake < next) next = host.Pool.NextWake;
        if (next > end) return false;
        if (next > Now) Now = next;
        while (_inFlight.TryPeek(out var deliver, out var at) && at.Item1 <= Now)
        {
            _inFlight.Dequeue();
            deliver();
        }
        foreach (var host in _hosts)
            if (host.Pool.NextWake <= Now) Turn(host);
        return true;
    }

    private void Turn(PoolHost host)
    {
        if (host.IsStopped) return;
        host.Pool.OnTick(Now);
        CarryOut(host);
    }

    private void CarryOut(PoolHost host)
    {
        var outbox = host.Pool.Outbox;
        for (int i = 0; i < outbox.PacketCount; i++)
        {
            var packet = outbox.Packet(i);
            var bytes = packet.Bytes.ToArray();
            Packets.Add((host, packet.To, bytes));
            foreach (var to in _hosts)
                if (to.Endpoint == packet.To && !IsCut(host, to)) Later(to, () => to.Pool.OnDatagram(host.Endpoint, bytes));
        }
        foreach (var dial in outbox.Dials) Dial(host, dial);
        foreach (var answer in outbox.Answers) Answer(host, answer);
        foreach (long stream in outbox.Closes) Close(host, stream);
        host.Take(outbox);
        outbox.Clear();
    }

    private void Dial(PoolHost host, GossipDial dial)
    {
        var to = _hosts.Find(other => other.Endpoint == dial.To && !other.IsStopped);
        if (to is null || IsCut(host, to) || IsCut(to, host))
        {
            Later(host, () => host.Pool.OnStreamEnded(dial.Stream, "connection refused"));
            return;
        }
        long accepted = --_lastAccepted;
        var bytes = dial.Bytes.ToArray();
        Later(to, () =>
        {
            if (!to.Pool.TryAccept(accepted, host.Endpoint))
            {
                Later(host, () => host.Pool.OnStreamEnded(dial.Stream, null));
                return;
            }
            _streams[(host, dial.Stream)] = (to, accepted);
            _streams[(to, accepted)] = (host, dial.Stream);
            to.Pool.OnStreamBytes(accepted, bytes);
        });
    }

    private void Answer(PoolHost host, GossipAnswer answer)
    {
        if (!_streams.TryGetValue((host, answer.Stream), out var other)) return;
        var bytes = answer.Bytes.ToArray();
        Later(other.Host, () => other.Host.Pool.OnStreamBytes(other.Stream, bytes));
        Close(host, answer.Stream);
        Later(host, () => host.Pool.OnStreamEnded(answer.Stream, null));
    }

    private void Close(PoolHost host, long stream)
    {
        if (!_streams.Remove((host, stream), out var other)) return;
        _streams.Remove((other.Host, other.Stream));
        Later(other.Host, () => other.Host.Pool.OnStreamEnded(other.Stream, null));
    }

    private void Later(PoolHost host, Action act) => _inFlight.Enqueue(
        () =>
        {
            if (host.IsStopped) return;
            host.Pool.OnTick(Now);
            act();
            CarryOut(host);
        },
        (Now + s_delay, ++_sent));
}
