using Conclave.Node;

namespace Conclave.Tests;

/// <summary>Operators change the set of servers.</summary>
public sealed class ServerRequestsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_removed_server_is_out_of_the_configuration_when_the_answer_comes()
    {
        var cluster = new TestCluster();
        cluster.Put("a", "1");
        int removed = (cluster.LeaderIndex + 1) % 3;
        var request = Remove(TestCluster.IdOf(removed));
        cluster.Lead().Turn(request);
        cluster.Run(Second);
        Assert.True(request.IsDone);
        Assert.Equal("", request.ErrorText);
        Assert.Equal(2, cluster.Lead().Status.Servers.Count);
        cluster.Put("b", "2");
    }

    [Fact]
    public void A_leader_that_is_removed_leaves_the_lead_to_another()
    {
        var cluster = new TestCluster();
        cluster.Put("a", "1");
        int old = cluster.LeaderIndex;
        var request = Remove(TestCluster.IdOf(old));
        cluster[old].Turn(request);
        cluster.Run(5 * Second);
        Assert.Equal("", request.ErrorText);
        Assert.NotEqual(old, cluster.LeaderIndex);
        cluster.Put("b", "2");
    }

    [Fact]
    public void Two_removals_at_once_are_done_one_after_the_other()
    {
        var cluster = new TestCluster(5);
        cluster.Put("a", "1");
        int leader = cluster.LeaderIndex;
        TestRequest first = Remove(TestCluster.IdOf((leader + 1) % 5)), second = Remove(TestCluster.IdOf((leader + 2) % 5));
        cluster[leader].Turn(first, second);
        cluster.Run(2 * Second);
        Assert.Equal(("", ""), (first.ErrorText, second.ErrorText));
        Assert.True(first.IsDone && second.IsDone);
        Assert.Equal(3, cluster.Lead().Status.Servers.Count);
    }

    [Fact]
    public void An_unknown_server_and_the_last_voter_are_not_removed()
    {
        var node = new TestNode().Lead();
        TestRequest unknown = Remove("nobody"), last = Remove(TestNode.Id);
        node.Turn(unknown, last);
        Assert.Contains("was not found in the Raft configuration", unknown.ErrorText);
        Assert.Contains("is the last voter", last.ErrorText);
    }

    [Fact]
    public void Leadership_goes_to_the_server_that_was_named()
    {
        var cluster = new TestCluster();
        cluster.Put("a", "1");
        int target = (cluster.LeaderIndex + 1) % 3;
        var request = new TestRequest { Kind = NodeRequestKind.TransferLeadership, ServerId = TestCluster.IdOf(target) };
        cluster.Lead().Turn(request);
        cluster.Run(Second);
        Assert.Equal("", request.ErrorText);
        Assert.Equal(target, cluster.LeaderIndex);
        cluster.Put("b", "2");
    }

    private static TestRequest Remove(string id) => new() { Kind = NodeRequestKind.RemoveServer, ServerId = id };
}
