using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Storage;

namespace Conclave.Tests;

public sealed class NodeTests
{
    [Fact]
    public void A_sole_voter_elects_itself_and_registers_its_node()
    {
        var node = new TestNode().Lead();

        Assert.Equal("127.0.0.1:8300", node.Status.LeaderAddress);
        Assert.Equal(["127.0.0.1:8300"], node.Status.PeerAddresses);
        var server = Assert.Single(node.Status.Servers);
        Assert.Equal((TestNode.Id, TestNode.Name, true, true), (server.Id, server.Name, server.IsVoter, server.IsLeader));

        var services = new List<NodeService>();
        node.Root.NodeServices(TestNode.Name, null, out var entry, services);
        Assert.Equal((TestNode.Id, "127.0.0.1"), (entry!.Id, entry.Address));
        var consul = Assert.Single(services);
        Assert.Equal(("consul", 8300, "3"), (consul.Service, consul.Port, consul.Meta!["raft_version"]));

        var checks = new List<HealthCheck>();
        node.Root.NodeChecks(TestNode.Name, null, checks);
        Assert.Equal(("serfHealth", "passing", "Agent alive and reachable"), (checks[0].CheckId, checks[0].Status, checks[0].Output));
    }

    [Fact]
    public void A_new_leader_stores_the_defaults_of_autopilot_and_its_own_coordinate()
    {
        var node = new TestNode().Lead();

        node.Root.Autopilot(null, out var autopilot);
        var coordinates = new List<CoordinateEntry>();
        node.Root.Coordinates(null, coordinates);

        Assert.True(autopilot!.CleanupDeadServers);
        Assert.Equal(TestNode.Name, Assert.Single(coordinates).Node);
    }

    [Fact]
    public void A_restarted_leader_writes_nothing_that_is_there_already()
    {
        var disk = new TestNode().Lead().Disk;
        disk.KillProcess();

        var again = new TestNode(disk).Lead();
        var root = again.Root;
        again.Root.NodeGet(TestNode.Name, null, out var node);

        Assert.True(node!.ModifyIndex < root.LastIndex);
        again.Pass(TimeSpan.FromSeconds(10));
        Assert.Same(root, again.Root);
    }

    [Fact]
    public void A_write_is_answered_only_when_it_is_flushed_and_applied()
    {
        var node = new TestNode().Lead();
        var request = TestRequest.Apply(TestNode.Kv(KvOps.Set, "a", "1"));

        node.Turn(request);
        Assert.False(request.IsDone);
        Assert.Null(node.Get("a"));

        node.RunJobs();
        Assert.Equal(1, request.Completions);
        Assert.Equal("1", node.Get("a"));
        Assert.Equal(node.Root.LastIndex, request.Result.Index);
    }

    [Fact]
    public void What_comes_during_a_flush_rides_together_with_the_next_one()
    {
        var node = new TestNode().Lead();
        node.Turn(TestRequest.Apply(TestNode.Kv(KvOps.Set, "first", "1")));
        Assert.Single(node.WaitingJobs, job => job.Lane == DiskLane.Log);

        var riders = Enumerable.Range(0, 50).Select(i => TestRequest.Apply(TestNode.Kv(KvOps.Set, $"k{i}", "x"))).ToArray();
        foreach (var rider in riders) node.Turn(rider);
        int flushesBefore = node.FlushesOfLog;
        node.RunJobs();

        Assert.Equal(2, node.FlushesOfLog - flushesBefore);
        Assert.All(riders, rider => Assert.Equal(1, rider.Completions));
    }

    [Fact]
    public void A_failed_flush_is_final_and_answers_nobody()
    {
        var node = new TestNode().Lead();
        node.Disk.Faults = (_, operation, _) => operation == "flush" ? DiskFault.Fail : DiskFault.None;
        var request = TestRequest.Apply(TestNode.Kv(KvOps.Set, "a", "1"));

        node.Turn(request);
        node.RunJobs();

        Assert.False(request.IsDone);
        Assert.Contains("could not be made durable", node.Fatal);
        Assert.Contains("raft/wal/", node.Fatal);
    }

    [Fact]
    public void Too_many_waiting_writes_are_refused_at_once()
    {
        var node = new TestNode(configure: config => config with { Limits = config.Limits with { ProposalsMax = 3 } }).Lead();
        var requests = Enumerable.Range(0, 5).Select(i => TestRequest.Apply(TestNode.Kv(KvOps.Set, $"k{i}", "x"))).ToArray();

        foreach (var request in requests) node.Turn(request);

        Assert.Equal([false, false, false, true, true], requests.Select(request => request.IsDone));
        Assert.All(requests[3..], request => Assert.Equal("raft apply failed: timed out enqueuing operation", request.ErrorText));
        node.RunJobs();
        Assert.All(requests[..3], request => Assert.Equal("", request.ErrorText));
    }

    [Fact]
    public void Bytes_that_are_no_command_do_not_enter_the_log()
    {
        var node = new TestNode().Lead();
        ulong before = node.Root.LastIndex;

        Assert.Contains("malformed", node.Run([2, 0x81, 0xa2, (byte)'O']).Text);
        Assert.Contains("unsupported command type 77", node.Run([77, 0x80]).Text);
        Assert.Contains("empty", node.Run([2]).Text);

        Assert.Equal(before, node.Root.LastIndex);
    }

    [Fact]
    public void Without_a_leader_a_request_waits_then_fails()
    {
        var node = new TestNode(configure: config => config with { Bootstrap = false });
        var (write, read) = (TestRequest.Apply(TestNode.Kv(KvOps.Set, "a", "1")), TestRequest.Read());

        node.Turn(write, read);
        node.Pass(TimeSpan.FromSeconds(6.9));
        Assert.False(write.IsDone || read.IsDone);
        Assert.True(node.Node.NextWake <= node.Now + TimeSpan.FromSeconds(0.1));

        node.Pass(TimeSpan.FromSeconds(0.2));
        Assert.Equal((ErrorTexts.NoLeader, ErrorTexts.NoLeader), (write.ErrorText, read.ErrorText));
    }

    [Fact]
    public void A_request_that_came_before_the_leader_is_served_by_it()
    {
        var node = new TestNode();
        var request = TestRequest.Apply(TestNode.Kv(KvOps.Set, "early", "bird"));
        node.Turn(request);

        node.Lead();

        Assert.Equal(1, request.Completions);
        Assert.Equal("bird", node.Get("early"));
    }

    [Fact]
    public void A_read_barrier_is_passed_by_a_leader()
    {
        var node = new TestNode().Lead();
        var read = TestRequest.Read();

        node.Turn(read);

        Assert.Equal((1, ""), (read.Completions, read.ErrorText));
    }

    [Fact]
    public void Stopping_fails_what_waits()
    {
        var node = new TestNode().Lead();
        var request = TestRequest.Apply(TestNode.Kv(KvOps.Set, "a", "1"));
        node.Turn(request);

        node.Node.Abandon();
        foreach (var completion in node.Node.Outbox.Completions) completion.Complete();

        Assert.Equal((1, ErrorTexts.ShuttingDown), (request.Completions, request.ErrorText));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_acknowledged_write_survives_a_power_cut(ulong seed)
    {
        var node = new TestNode(seed: seed).Lead();
        for (int i = 0; i < 20; i++) node.Put($"k{i}", $"{i}");
        node.Turn(TestRequest.Apply(TestNode.Kv(KvOps.Set, "unacknowledged", "x")));
        node.Disk.Restart();

        var again = new TestNode(node.Disk, seed: seed + 100).Lead();

        for (int i = 0; i < 20; i++) Assert.Equal($"{i}", again.Get($"k{i}"));
    }

    [Fact]
    public void Errors_of_the_state_carry_the_prefix_of_their_kind()
    {
        var node = new TestNode().Lead();

        Assert.Equal("raft apply failed: invalid session \"11111111-2222-3333-4444-555555555555\"", node.Lock("a", "11111111-2222-3333-4444-555555555555").Text);
        var unknownNode = CommandCodec.Encode(new SessionRequest { Op = "create", Session = new Session { Node = "nobody" } });
        Assert.Equal("apply failed: Missing node registration", node.Run(unknownNode).Text);
    }

    [Fact]
    public void Coordinates_are_written_together_every_few_seconds()
    {
        var node = new TestNode().Lead();
        foreach (string name in (string[])["a", "b"])
            node.Run(CommandCodec.Encode(new RegisterRequest { Node = name, Address = "10.0.0.1" }));
        ulong before = node.Root.LastIndex;
        var point = new Coordinate(new double[8], 1.5, 0, 1e-5);

        foreach (string name in (string[])["a", "b"])
            Assert.Equal(ApplyResultKind.None, node.Run(CommandCodec.Encode([new CoordinateEntry(name, "", point)])).Kind);
        Assert.Equal(before, node.Root.LastIndex);

        node.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(before + 1, node.Root.LastIndex);
        Assert.Equal("incompatible coordinate", node.Run(CommandCodec.Encode([new CoordinateEntry("a", "", new Coordinate([1], 1, 0, 0))])).Text);
    }

    [Fact]
    public void Tombstones_are_reaped_in_one_entry_for_all_of_a_period()
    {
        var node = new TestNode().Lead();
        node.Pass(TimeSpan.FromMinutes(16));
        foreach (string key in (string[])["a", "b", "c"])
        {
            node.Put(key, "x");
            node.Run(TestNode.Kv(KvOps.Delete, key));
        }
        ulong deleted = node.Root.LastIndex;

        node.Pass(TimeSpan.FromMinutes(14.9));
        Assert.Equal(deleted, node.Root.LastIndex);
        node.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(deleted + 1, node.Root.LastIndex);
        node.Pass(TimeSpan.FromHours(1));
        Assert.Equal(deleted + 1, node.Root.LastIndex);
    }

    [Fact]
    public void A_snapshot_cuts_the_log_and_a_restart_needs_both()
    {
        static NodeConfig Often(NodeConfig config) => config with { Limits = config.Limits with { SnapshotThreshold = 10, SnapshotInterval = TimeSpan.FromSeconds(1) } };
        var node = new TestNode(configure: Often).Lead();
        for (int i = 0; i < 40; i++)
        {
            node.Put($"k{i}", $"{i}");
            if (i % 12 == 0) node.Pass(TimeSpan.FromSeconds(1));
        }
        Assert.Contains(node.Log, line => line.StartsWith("snapshot complete", StringComparison.Ordinal));
        node.Disk.Restart();

        var again = new TestNode(node.Disk, Often).Lead();

        for (int i = 0; i < 40; i++) Assert.Equal($"{i}", again.Get($"k{i}"));
        Assert.Contains(again.Log, line => line.StartsWith("restored from disk: snapshot=", StringComparison.Ordinal) && !line.Contains("snapshot=0"));
    }

    [Fact]
    public void Many_bytes_make_a_snapshot_due_before_the_next_check()
    {
        var node = new TestNode(configure: config => config with { Limits = config.Limits with { SnapshotBytes = 12_000, SnapshotInterval = TimeSpan.FromHours(1) } }).Lead();
        for (int i = 0; i < 5; i++) node.Put($"k{i}", new string('x', 1000));
        Assert.DoesNotContain(node.Log, line => line.StartsWith("starting snapshot", StringComparison.Ordinal));

        for (int i = 5; i < 12; i++) node.Put($"k{i}", new string('x', 1000));
        Assert.Single(node.Log, line => line.StartsWith("snapshot complete", StringComparison.Ordinal));

        // The state is longer than the limit now, so as many bytes as it has must come before the next one.
        for (int i = 0; i < 4; i++) node.Put("same", $"{i}" + new string('x', 1000));
        Assert.Single(node.Log, line => line.StartsWith("snapshot complete", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_snapshot_is_reported_and_not_the_end()
    {
        var node = new TestNode(configure: config => config with { Limits = config.Limits with { SnapshotThreshold = 5, SnapshotInterval = TimeSpan.FromSeconds(1) } }).Lead();
        for (int i = 0; i < 10; i++) node.Put($"k{i}", "x");
        node.Disk.Faults = (_, _, path) => path.Contains("snapshots") ? DiskFault.Full : DiskFault.None;

        node.Pass(TimeSpan.FromSeconds(1));

        Assert.Contains(node.Log, line => line.StartsWith("failed to take snapshot", StringComparison.Ordinal));
        Assert.Null(node.Fatal);
        Assert.Equal(ApplyResultKind.None, node.Put("after", "x").Kind);
    }
}
