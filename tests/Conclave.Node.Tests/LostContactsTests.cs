using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Tests;

/// <summary>Raft hears who is back before gossip does.</summary>
public sealed class LostContactsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TestCluster _cluster = new();

    [Fact]
    public void A_server_that_gossip_has_given_up_is_to_be_met_as_soon_as_raft_hears_it_on_both_sides()
    {
        _cluster.Lead();
        int leader = _cluster.LeaderIndex, other = (leader + 1) % 3;
        _cluster.Cut(other);
        Tell(leader, failed: other);
        Tell(other, failed: leader);
        _cluster.Run(Second * 5);
        Assert.DoesNotContain(NameOf(other), _cluster[leader].Reconnects);
        Assert.DoesNotContain(NameOf(leader), _cluster[other].Reconnects);

        _cluster.Heal(other);
        _cluster.Run(Second);
        Assert.Contains(NameOf(other), _cluster[leader].Reconnects);
        Assert.Contains(NameOf(leader), _cluster[other].Reconnects);
    }

    [Fact]
    public void It_is_asked_for_once_a_second_until_gossip_has_it_and_never_for_one_that_is_there()
    {
        _cluster.Lead();
        int leader = _cluster.LeaderIndex, other = (leader + 1) % 3;
        _cluster.Run(Second * 5);
        Assert.Empty(_cluster[leader].Reconnects);

        Tell(leader, failed: other);
        _cluster.Run(Second * 5);
        Assert.InRange(_cluster[leader].Reconnects.Count, 4, 6);

        Tell(leader, failed: -1);
        _cluster[leader].Reconnects.Clear();
        _cluster.Run(Second * 5);
        Assert.Empty(_cluster[leader].Reconnects);
    }

    private static string NameOf(int index) => $"n{index + 1}";

    private void Tell(int who, int failed) => _cluster[who].Input(node => node.OnMembers([.. Enumerable.Range(0, 3).Select(i =>
    {
        var status = i == failed ? ServerMemberStatus.Failed : ServerMemberStatus.Alive;
        var server = _cluster.Servers[i];
        return new PoolMember(NameOf(i), server.Id, "127.0.0.1", PoolRole.Server, status) { Server = new ServerMember(server.Id, NameOf(i), server.Address, status) };
    })]));
}
