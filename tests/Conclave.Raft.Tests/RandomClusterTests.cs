using System.Text;

using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>
/// Clusters under loss, repetition, reordering, crashes, slow disks, pauses, cuts, snapshots, membership changes and transfers. <see cref="Cluster"/> checks the rules of safety at each step;
/// here reads are checked, and that a healed cluster finishes its work.
/// </summary>
public class RandomClusterTests
{
    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 1000)]
    [InlineData(5, 2000)]
    [InlineData(2, 3000)]
    public void Cluster_stays_safe_and_recovers(int servers, ulong firstSeed)
    {
        int committed = 0;
        for (ulong seed = firstSeed + 1; seed <= firstSeed + 30; seed++)
        {
            try
            {
                committed += Live(servers, seed);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"{servers} servers, seed {seed}: {failure.Message}", failure);
            }
        }
        Assert.True(committed > 30 * 20, $"only {committed} commands were committed in 30 lives");
    }

    private static int Live(int servers, ulong seed)
    {
        var random = new Prng(seed);
        var cluster = new Cluster(servers, seed, config => config with { TrailingEntries = (int)(seed % 4), LogMemoryEntries = (int)(seed % 5), AppendEntriesMax = 3, InflightAppendsMax = 4, InflightBytesMax = 1024, AppendBytesMax = 1024 });
        var reads = new Dictionary<ulong, LogIndex>();
        int next = 0;
        for (int step = 0; step < 1500; step++)
        {
            Chaos(cluster, random);
            if (random.Next(4) == 0 && cluster.Leader is { } leader)
                leader.Turn(core => core.Propose(EntryType.Command, Encoding.UTF8.GetBytes($"c{next++}"), out _));
            if (random.Next(8) == 0) Read(cluster, random, reads, (ulong)step + 1);
            CheckReads(cluster, reads);
        }
        Heal(cluster);
        // The first try may meet a transfer that is still under way, or a leader that is about to fall.
        var last = cluster.RunUntilLeader();
        for (int i = 0; i < 4 && (last.Applied.Count == 0 || last.Applied[^1] != "end"); i++)
        {
            last.Turn(core => core.Propose(EntryType.Command, "end"u8.ToArray(), out _));
            cluster.Run(TimeSpan.FromSeconds(5));
            last = cluster.RunUntilLeader();
        }
        Assert.Equal("end", last.Applied[^1]);
        cluster.Run(TimeSpan.FromSeconds(5));
        foreach (var server in cluster.Servers.Values)
            if (last.Core!.Configuration.Find(server.Id) is not null) Assert.True(last.Applied.SequenceEqual(server.Applied), $"the servers differ: {cluster.Describe()}");
        return last.Applied.Count;
    }

    private static void Chaos(Cluster cluster, Prng random)
    {
        var server = cluster.Servers.Values.ElementAt((int)random.Next(cluster.Servers.Count));
        switch (random.Next(200))
        {
            case 0 when server.IsUp: cluster.Crash(server); break;
            case < 6 when !server.IsUp: cluster.Start(server); break;
            case 6: cluster.Cut(server.Id); break;
            case < 12: cluster.HealAll(); break;
            case 12: server.Flushes = false; break;
            case < 18: ResumeFlushes(cluster); break;
            case 18: cluster.Skip(TimeSpan.FromMilliseconds(random.Next(3000))); break;
            case 19 when server.IsUp: server.TakeSnapshot(keepsLog: random.Next(2) == 0); break;
            case 20: server.Turn(core => core.TransferLeadership()); break;
            case 21: Reconfigure(cluster, random); break;
        }
        cluster.Advance(TimeSpan.FromMilliseconds(random.Next(15)));
        for (int i = 0; i < 6 && cluster.Network.Count > 0; i++) DeliverOne(cluster, random);
        while (cluster.Network.Count > 200) cluster.Lose(0);
    }

    private static void DeliverOne(Cluster cluster, Prng random)
    {
        int position = random.Next(4) == 0 ? (int)random.Next(cluster.Network.Count) : 0;
        switch (random.Next(30))
        {
            case 0: cluster.Lose(position); return;
            case 1: cluster.Network.Add(cluster.Network[position]); break;
        }
        cluster.Deliver(position);
    }

    // One server goes or returns, as a voter or not.
    private static void Reconfigure(Cluster cluster, Prng random)
    {
        if (cluster.Leader is not { } leader) return;
        leader.Turn(core =>
        {
            string id = cluster.Servers.Keys.ElementAt((int)random.Next(cluster.Servers.Count));
            var others = core.Configuration.Servers.ToArray().Where(s => s.Id != id).ToList();
            if (random.Next(3) > 0) others.Add(Cluster.Member(id, random.Next(3) == 0 ? Suffrage.Nonvoter : Suffrage.Voter));
            if (others.Any(s => s.Suffrage == Suffrage.Voter)) core.ProposeConfiguration(new Configuration(others), out _);
        });
    }

    private static void Read(Cluster cluster, Prng random, Dictionary<ulong, LogIndex> reads, ulong context)
    {
        var server = cluster.Servers.Values.ElementAt((int)random.Next(cluster.Servers.Count));
        if (!server.IsUp) return;
        reads.Add(context, cluster.LastCommitted);
        server.Turn(core => core.RequestRead(context));
    }

    private static void CheckReads(Cluster cluster, Dictionary<ulong, LogIndex> reads)
    {
        foreach (var server in cluster.Servers.Values)
        {
            foreach (var read in server.Reads)
                if (read.Granted) Assert.True(read.Index >= reads[read.Context], $"{server.Id} granted a read at {read.Index}, {reads[read.Context]} was committed before it was asked");
            server.Reads.Clear();
        }
    }

    private static void ResumeFlushes(Cluster cluster)
    {
        foreach (var server in cluster.Servers.Values)
        {
            server.Flushes = true;
            if (server.IsUp) server.Turn(server.Flush);
        }
    }

    private static void Heal(Cluster cluster)
    {
        cluster.HealAll();
        ResumeFlushes(cluster);
        foreach (var server in cluster.Servers.Values)
            if (!server.IsUp) cluster.Start(server);
    }
}
