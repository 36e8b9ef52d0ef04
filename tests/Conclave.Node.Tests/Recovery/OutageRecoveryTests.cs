using System.Text;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Tests.Recovery;

public sealed class OutageRecoveryTests
{
    private const string Objects = $$"""[{"id":"{{TestNode.Id}}","address":"127.0.0.1:8300"},{"id":"b","address":"127.0.0.2:8300","non_voter":true}]""";
    private const string Alone = $$"""[{"id":"{{TestNode.Id}}","address":"127.0.0.1:8300"}]""";
    private const string Others = $"{TestNode.Id} 127.0.0.1:8300 Voter, b 127.0.0.2:8300 Voter, c 127.0.0.3:8300 Voter";

    [Theory]
    [InlineData(Objects, $"{TestNode.Id} 127.0.0.1:8300 Voter, b 127.0.0.2:8300 Nonvoter")]
    [InlineData("""["127.0.0.1:8300","127.0.0.3:8300","127.0.0.9:8300"]""", $"{TestNode.Id} 127.0.0.1:8300 Voter, c 127.0.0.3:8300 Voter, 127.0.0.9:8300 127.0.0.9:8300 Voter")]
    public void A_list_becomes_the_configuration_and_all_entries_become_state(string list, string servers)
    {
        var disk = StoppedServer(seed: 1);
        Put(disk, DiskLayout.PeersJson, list);
        var recovered = Recover(disk);

        Assert.Equal(servers, Servers(recovered));
        Assert.Equal((1UL, 0), (recovered.Raft.ConfigurationIndex.Value, recovered.Raft.Entries.Count));
        Assert.Equal(Everything, Keys(recovered.Root));
        Assert.Equal((recovered.Wal!.LastIndex, recovered.Wal.DurableIndex), (recovered.Raft.SnapshotIndex, recovered.Raft.SnapshotIndex));
        Assert.DoesNotContain(DiskLayout.PeersJson, disk.Files);
        Assert.Contains(DiskLayout.PeersInfo, disk.Files);

        var notes = recovered.Notes.Select(note => note.Text).ToList();
        int found = notes.IndexOf("found peers.json file, recovering Raft configuration...");
        Assert.True(found >= 0 && notes[found + 1] == "deleted peers.json file after successful recovery");
        Assert.StartsWith($"initial configuration: index=1 servers=\"[{{Suffrage:Voter ID:{TestNode.Id} Address:127.0.0.1:8300}} {{Suffrage:", notes[found + 2]);
    }

    [Fact]
    public void The_survivor_leads_alone_and_keeps_it_after_a_restart()
    {
        var disk = StoppedServer(seed: 2);
        Put(disk, DiskLayout.PeersJson, Alone);
        var node = new TestNode(disk).Lead();
        Assert.Equal("6", node.Get("uncommitted"));
        node.Put("after", "7");
        disk.KillProcess();

        node = new TestNode(disk).Lead();
        Assert.Equal(["127.0.0.1:8300"], node.Status.PeerAddresses);
        Assert.Equal(("1", "6", "7"), (node.Get("first"), node.Get("uncommitted"), node.Get("after")));
    }

    [Fact]
    public void A_server_that_is_listed_with_others_remembers_that_it_was_recovered_until_something_is_committed()
    {
        var disk = StoppedServer(seed: 8);
        Put(disk, DiskLayout.PeersJson, Objects);
        for (int start = 0; start < 2; start++)
        {
            var recovered = Recover(disk);
            Assert.Equal((1_000_000UL, ""), (recovered.Raft.Term.Value, recovered.Raft.VotedFor));
            Assert.Equal(2, recovered.Raft.Recovery!.Servers.Servers.Length);
            disk.KillProcess();
        }
        var node = new TestNode(disk).Lead();
        node.Put("after", "7");
        node.Pass(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(DiskLayout.Recovery, disk.Files);
        disk.KillProcess();
        Assert.Null(Recover(disk).Raft.Recovery);
    }

    [Fact]
    public void A_server_that_is_listed_alone_goes_on_as_it_was()
    {
        var disk = StoppedServer(seed: 9);
        var term = Recover(disk).Raft.Term;
        disk.KillProcess();
        Put(disk, DiskLayout.PeersJson, Alone);
        var recovered = Recover(disk);
        Assert.Equal((term, null), (recovered.Raft.Term, recovered.Raft.Recovery));
        Assert.DoesNotContain(DiskLayout.Recovery, disk.Files);
    }

    [Fact]
    public void A_damaged_mark_is_ignored_and_told()
    {
        var disk = StoppedServer(seed: 10);
        Put(disk, DiskLayout.PeersJson, Objects);
        Recover(disk);
        disk.KillProcess();
        disk.Damage(DiskLayout.Recovery, 6, 1);
        var recovered = Recover(disk);
        Assert.Null(recovered.Raft.Recovery);
        Assert.Contains(recovered.Notes, note => note.Level == NodeLogLevel.Warning && note.Text.StartsWith("raft/recovery is damaged", StringComparison.Ordinal));
    }

    [Fact]
    public void When_the_new_snapshot_decays_the_old_configuration_does_not_come_back()
    {
        var disk = StoppedServer(seed: 3);
        Put(disk, DiskLayout.PeersJson, Alone);
        var recovered = Recover(disk);
        disk.KillProcess();
        string snapshot = disk.Files.First(path => path.StartsWith($"{DiskLayout.Snapshots}/{recovered.Raft.SnapshotTerm}-{recovered.Raft.SnapshotIndex}-", StringComparison.Ordinal) && path.EndsWith("state.bin", StringComparison.Ordinal));
        disk.Damage(snapshot, 20, 1);
        Assert.Throws<WalDamagedException>(() => Recover(disk));
    }

    [Fact]
    public void Without_the_note_a_list_is_deleted_unread_and_the_note_is_written()
    {
        var disk = StoppedServer(seed: 4);
        disk.Delete(DiskLayout.PeersInfo);
        Put(disk, DiskLayout.PeersJson, "not read");
        var recovered = Recover(disk);

        Assert.Equal(2, recovered.Raft.Entries.Count(entry => entry.Index.Value >= recovered.Wal!.LastIndex.Value - 1));
        Assert.DoesNotContain(DiskLayout.PeersJson, disk.Files);
        Assert.Contains("peers.json", Encoding.UTF8.GetString(disk.Content(DiskLayout.PeersInfo)));
        Assert.Contains(recovered.Notes, note => note.Text == "deleted peers.json file (see peers.info for details)");
    }

    [Theory]
    [InlineData("[", "unexpected EOF")]
    [InlineData("[]", "need at least one voter in configuration")]
    [InlineData("""[{"id":"a"}]""", "empty address in configuration")]
    public void A_bad_list_is_refused_and_stays(string list, string reason)
    {
        var disk = StoppedServer(seed: 5);
        Put(disk, DiskLayout.PeersJson, list);
        Assert.Equal($"Failed to start Raft: recovery failed to parse peers.json: {reason}", Assert.Throws<OutageRecoveryException>(() => Recover(disk)).Message);
        Assert.Equal(list, Encoding.UTF8.GetString(disk.Content(DiskLayout.PeersJson)));

        disk.KillProcess();
        disk.Delete(DiskLayout.PeersJson);
        Assert.Equal(EntryType.Command, Recover(disk).Raft.Entries[^1].Type);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused()
    {
        var disk = StoppedServer(seed: 6);
        Put(disk, DiskLayout.PeersJson, new string(' ', PeersFile.BytesMax + 1));
        Assert.Contains("the file has 1048577 bytes", Assert.Throws<OutageRecoveryException>(() => Recover(disk)).Message);
    }

    [Fact]
    public void A_server_without_data_refuses_to_recover()
    {
        var disk = new MemoryDisk(new Prng(7));
        Put(disk, DiskLayout.PeersInfo, "seen");
        Put(disk, DiskLayout.PeersJson, Alone);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            Assert.Equal("Failed to start Raft: recovery failed: refused to recover cluster with no initial state, this is probably an operator error",
                Assert.Throws<OutageRecoveryException>(() => Recover(disk)).Message);
            disk.KillProcess();
        }
        Assert.Contains(DiskLayout.PeersJson, disk.Files);
    }

    [Theory]
    [InlineData(DiskFault.PowerCut)]
    [InlineData(DiskFault.Fail)]
    [InlineData(DiskFault.Tear)]
    [InlineData(DiskFault.Full)]
    public void A_recovery_that_is_cut_off_anywhere_is_completed_by_the_next_start(DiskFault fault)
    {
        var (completed, cutOff) = (false, 0);
        for (int number = 0; !completed; number++)
            for (ulong seed = 10; seed < 12; seed++)
            {
                var whole = StoppedServer(seed);
                Put(whole, DiskLayout.PeersJson, Objects);
                ulong digest = Recover(whole).Root.Digest;
                var disk = StoppedServer(seed);
                Put(disk, DiskLayout.PeersJson, Objects);
                completed = Try(disk, fault, number) is not null;
                if (!completed) cutOff++;
                // A second crash, at another place, must not matter either.
                if (seed % 2 == 0) Try(disk, fault, number / 2);
                var recovered = Recover(disk);
                Assert.Equal((digest, Everything), (recovered.Root.Digest, Keys(recovered.Root)));
                Assert.Equal($"{TestNode.Id} 127.0.0.1:8300 Voter, b 127.0.0.2:8300 Nonvoter", Servers(recovered));
                Assert.DoesNotContain(DiskLayout.PeersJson, disk.Files);
            }
        Assert.True(cutOff > 20);
    }

    [Fact]
    public void A_list_without_the_note_is_never_carried_out_whatever_is_cut_off()
    {
        bool completed = false;
        for (int number = 0; !completed; number++)
            for (ulong seed = 20; seed < 22; seed++)
            {
                var disk = StoppedServer(seed);
                disk.Delete(DiskLayout.PeersInfo);
                disk.FlushDirectory(DiskLayout.Raft);
                Put(disk, DiskLayout.PeersJson, Alone);
                completed = Try(disk, DiskFault.PowerCut, number) is not null;
                var recovered = Recover(disk);
                Assert.Equal(Others, Servers(ConfigurationCodec.Decode(recovered.Raft.Entries.Last(entry => entry.Type == EntryType.Configuration).Data.Span)));
                Assert.DoesNotContain(DiskLayout.PeersJson, disk.Files);
                Assert.Contains(DiskLayout.PeersInfo, disk.Files);
            }
    }

    private const string Everything = "first=1 second=2 uncommitted=6";

    private static RecoveredNode? Try(MemoryDisk disk, DiskFault fault, long number)
    {
        long first = disk.Operations;
        disk.Faults = (operation, _, _) => operation == first + number ? fault : DiskFault.None;
        try
        {
            return Recover(disk);
        }
        catch (DiskException)
        {
            return null;
        }
        finally
        {
            disk.Faults = null;
            if (fault == DiskFault.PowerCut) disk.Restart();
            else disk.KillProcess();
        }
    }

    /// <summary>A server of three that was the leader: a snapshot, an entry behind it, and two entries that no majority has confirmed.</summary>
    private static MemoryDisk StoppedServer(ulong seed)
    {
        var node = new TestNode(configure: config => config with { Limits = new NodeLimits { SnapshotThreshold = 1 } }, seed: seed).Lead();
        node.Put("first", "1");
        node.Pass(TimeSpan.FromMinutes(1));
        node.Put("second", "2");
        var disk = node.Disk;
        disk.KillProcess();

        var folder = DataFolder.Recover(disk, new WalOptions(), trailing: 0, new Prng(seed));
        Assert.NotNull(folder.Newest);
        folder.Newest.Dispose();
        var wal = folder.Wal;
        var servers = new Configuration([Voter(TestNode.Id, 1), Voter("b", 2), Voter("c", 3)]);
        wal.Append([new LogEntry(wal.LastIndex.Next, wal.DurableTerm, EntryType.Configuration, ConfigurationCodec.Encode(servers))]);
        wal.Append([new LogEntry(wal.LastIndex.Next, wal.DurableTerm, EntryType.Command, TestNode.Kv(KvOps.Set, "uncommitted", "6"))]);
        while (wal.TryTakeJob(out var job))
        {
            job.Run(disk);
            job.Complete();
        }
        disk.KillProcess();
        return disk;
    }

    private static RaftServer Voter(string id, int number) => new(id, $"127.0.0.{number}:8300", Suffrage.Voter);

    private static void Put(MemoryDisk disk, string path, string text)
    {
        var file = disk.Open(path, FileOpening.Replace);
        disk.Write(file, 0, Encoding.UTF8.GetBytes(text));
        disk.Flush(file);
        disk.Close(file);
        disk.FlushDirectory(DiskLayout.Raft);
    }

    private static RecoveredNode Recover(MemoryDisk disk)
    {
        var config = new NodeConfig { Identity = new NodeIdentity(TestNode.Name, TestNode.Id, "dc1", "127.0.0.1:8300"), Raft = new RaftConfig { ServerId = TestNode.Id } };
        return NodeRecovery.FromDisk(config, disk, new WalOptions(), new Prng(9), new WallTime(1_800_000_000_000_000_000));
    }

    private static string Servers(RecoveredNode recovered) => Servers(recovered.Raft.Configuration);

    private static string Servers(Configuration configuration)
    {
        var parts = new List<string>();
        foreach (var server in configuration.Servers) parts.Add($"{server.Id} {server.Address} {server.Suffrage}");
        return string.Join(", ", parts);
    }

    private static string Keys(StateRoot root)
    {
        var parts = new List<string>();
        foreach (string key in (string[])["first", "second", "uncommitted"])
        {
            root.KvGet(Encoding.UTF8.GetBytes(key), null, out var entry);
            if (entry is not null) parts.Add($"{key}={Encoding.UTF8.GetString(entry.Value.Span)}");
        }
        return string.Join(' ', parts);
    }
}
