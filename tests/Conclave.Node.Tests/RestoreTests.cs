using System.Text;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Tests;

/// <summary>An archive's state takes the place of the replicated one.</summary>
public sealed class RestoreTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void The_state_of_an_archive_replaces_that_of_a_single_server_and_survives_its_restart()
    {
        var node = new TestNode().Lead();
        node.Put("old", "1");
        var request = Restore(Archived("new", "2"), 3);
        node.Turn(request);
        node.RunJobs();
        Assert.Equal("", request.ErrorText);
        Assert.Equal((null, "2"), (node.Get("old"), node.Get("new")));
        Assert.Equal(1, node.StatesAbandoned);
        Assert.Equal(ApplyResultKind.None, node.Put("later", "3").Kind);
        node.Disk.Restart();
        var again = new TestNode(node.Disk).Lead();
        Assert.Equal((null, "2", "3"), (again.Get("old"), again.Get("new"), again.Get("later")));
    }

    [Fact]
    public void Nothing_enters_the_log_while_the_archive_is_being_saved()
    {
        var node = new TestNode().Lead();
        var restore = Restore(Archived("new", "2"), 3);
        node.Turn(restore);
        ulong last = node.Node.Progress.LastLogIndex;
        var put = TestRequest.Apply(TestNode.Kv(KvOps.Set, "k", "v"));
        node.Turn(put);
        Assert.Equal(last, node.Node.Progress.LastLogIndex);
        Assert.NotEqual("", put.ErrorText);
        node.RunJobs();
        Assert.Equal("", restore.ErrorText);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_000)]
    public void Followers_get_the_state_and_the_log_goes_on_above_the_archives_index(ulong archived)
    {
        var cluster = new TestCluster();
        cluster.Put("old", "1");
        var leader = cluster.Lead();
        var request = Restore(Archived("new", "2"), archived);
        leader.Turn(request);
        cluster.Run(5 * Second);
        Assert.Equal("", request.ErrorText);
        cluster.Put("later", "3");
        cluster.Run(Second);
        for (int i = 0; i < 3; i++) Assert.Equal((null, "2", "3"), (cluster[i].Get("old"), cluster[i].Get("new"), cluster[i].Get("later")));
        Assert.Equal(cluster[0].Root.Digest, cluster[1].Root.Digest);
        Assert.Equal(cluster[0].Root.Digest, cluster[2].Root.Digest);
        Assert.True(cluster[0].Root.LastIndex > archived);
        for (int i = 0; i < 3; i++) cluster.Restart(i);
        cluster.Lead();
        cluster.Run(Second);
        for (int i = 0; i < 3; i++) Assert.Equal(("2", "3"), (cluster[i].Get("new"), cluster[i].Get("later")));
    }

    [Fact]
    public void A_leader_that_is_deposed_while_it_saves_takes_the_archive_back()
    {
        var cluster = new TestCluster();
        cluster.Put("old", "1");
        int old = cluster.LeaderIndex;
        var leader = cluster[old];
        cluster.Cut(old);
        var request = Restore(Archived("new", "2"), 5);
        leader.Turn(request);                                  // the save has not run yet
        for (int i = 0; i < 200 && leader.Status.IsLeader; i++) leader.Skip(TimeSpan.FromMilliseconds(10));
        Assert.False(leader.Status.IsLeader);
        cluster.Run(5 * Second);
        cluster.Heal(old);
        cluster.Put("other", "3");
        cluster.Run(3 * Second);
        Assert.NotEqual("", request.ErrorText);
        Assert.Equal(("1", null, "3"), (cluster[old].Get("old"), cluster[old].Get("new"), cluster[old].Get("other")));
        cluster.Restart(old);
        cluster.Run(3 * Second);
        Assert.Equal(("1", null, "3"), (cluster[old].Get("old"), cluster[old].Get("new"), cluster[old].Get("other")));
    }

    [Fact]
    public void An_archive_whose_index_leaves_no_room_is_refused()
    {
        var node = new TestNode().Lead();
        node.Put("old", "1");
        var request = Restore(Archived("new", "2"), ulong.MaxValue - 1);
        node.Turn(request);
        node.RunJobs();
        Assert.Contains("out of range", request.ErrorText);
        Assert.Equal("1", node.Get("old"));
    }

    private static TestRequest Restore(StateRoot root, ulong index) => new() { Kind = NodeRequestKind.Restore, RestoredRoot = root, RestoredIndex = index };

    private static StateRoot Archived(string key, string value)
    {
        var applier = new CommandApplier(new StateRoot());
        applier.Apply(new LogIndex(3), TestNode.Kv(KvOps.Set, key, value));
        return applier.Publish(out _);
    }
}
