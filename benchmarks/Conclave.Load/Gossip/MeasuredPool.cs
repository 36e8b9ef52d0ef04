using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Conclave.Load.Gossip;

/// <summary>A pool of processes of one kind on a network of its own, and what its members have said.</summary>
internal sealed class MeasuredPool : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly Dictionary<(Seen What, string About, string By), long> _firstSeen = [];    // guarded by itself
    private readonly HashSet<string> _down = [];                                             // guarded by _firstSeen
    private long _failures;                                                                 // guarded by _firstSeen

    public MeasuredPool(PoolKind kind, int size)
    {
        Kind = kind;
        var members = new List<PoolMember>(size);
        int[] ports = FreePorts(size * 3);
        for (int i = 0; i < size; i++)
        {
            var of = new MemberPorts(ports[3 * i], ports[3 * i + 1], ports[3 * i + 2]);
            Network.Add(of);
            // The first one joins the second: killed and back again, it must find the others.
            int peer = members.Count > 0 ? members[0].Ports.Advertised : ports[4];
            members.Add(new PoolMember(kind, string.Create(CultureInfo.InvariantCulture, $"member-{i:00}"), of, peer, OnSeen));
        }
        Members = members;
        Network.Start();
    }

    public PoolKind Kind { get; }

    public IReadOnlyList<PoolMember> Members { get; }

    public MeasuredNetwork Network { get; } = new();

    /// <summary>How often a member said that another one failed which had not been killed.</summary>
    public long FalseFailures
    {
        get
        {
            lock (_firstSeen) return _failures;
        }
    }

    /// <summary>Starts all members and waits until each knows all others.</summary>
    public async Task StartAsync()
    {
        foreach (var member in Members) member.Start();
        foreach (var member in Members) await UntilAllSeeAsync(Seen.Joined, member.Name);
    }

    /// <summary>Kills a member. Returns when.</summary>
    public long Kill(PoolMember member)
    {
        lock (_firstSeen) _down.Add(member.Name);
        Forget(Seen.Failed, member.Name);
        return member.Kill();
    }

    /// <summary>Ends the process of a member that all have seen as left.</summary>
    public void EndLeft(PoolMember member)
    {
        Kill(member);
        Forget(Seen.Left, member.Name);
    }

    /// <summary>Starts a killed member again and waits until all others know.</summary>
    public async Task ReviveAsync(PoolMember member)
    {
        Forget(Seen.Joined, member.Name);
        member.Start();
        await UntilAllSeeAsync(Seen.Joined, member.Name);
        lock (_firstSeen) _down.Remove(member.Name);
    }

    /// <summary>Waits until all other members have seen something of <paramref name="about"/> (an event: all). Gives the times, earliest first.</summary>
    public async Task<List<long>> UntilAllSeeAsync(Seen what, string about)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var times = TimesOf(what, about, out string? missing);
            if (missing is null) return times;
            if (Stopwatch.GetElapsedTime(begun) > s_patience) throw new TimeoutException($"{missing} of the pool of {Kind.Name} never saw: {what} {about}");
            await Task.Delay(5);
        }
    }

    /// <summary>CPU time that all members have used.</summary>
    public TimeSpan Cpu() => Members.Aggregate(TimeSpan.Zero, static (sum, member) => sum + member.Usage.Cpu);

    public void Dispose()
    {
        foreach (var member in Members) member.Dispose();
        Network.Dispose();
    }

    private List<long> TimesOf(Seen what, string about, out string? missing)
    {
        var times = new List<long>(Members.Count);
        missing = null;
        lock (_firstSeen)
        {
            foreach (var member in Members)
            {
                if (member.Name == about || _down.Contains(member.Name)) continue;
                if (_firstSeen.TryGetValue((what, about, member.Name), out long at)) times.Add(at);
                else missing = member.Name;
            }
        }
        times.Sort();
        return times;
    }

    private void Forget(Seen what, string about)
    {
        lock (_firstSeen)
            foreach (var member in Members) _firstSeen.Remove((what, about, member.Name));
    }

    private void OnSeen(PoolMember by, Seen what, string about, long at)
    {
        lock (_firstSeen)
        {
            _firstSeen.TryAdd((what, about, by.Name), at);
            if (what == Seen.Failed && !_down.Contains(about)) _failures++;
        }
    }

    // Free for packets and for streams, and below the range that the system takes ports for connections from.
    private static int[] FreePorts(int count)
    {
        var found = new List<int>(count);
        for (int port = Random.Shared.Next(12_000, 20_000); found.Count < count && port < 32_000; port++)
            if (IsFree(port)) found.Add(port);
        return found.Count == count ? [.. found] : throw new IOException("There are not enough free ports.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var packets = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            packets.Bind(new IPEndPoint(IPAddress.Loopback, port));
            using var streams = new TcpListener(IPAddress.Loopback, port);
            streams.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
