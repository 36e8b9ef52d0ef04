using Conclave.Node;

namespace Conclave.Hosting.Tests.Server;

public sealed class ForeignServersTests
{
    private static readonly string[] Ours = ["10.0.0.1:8300", "10.0.0.2:8300", "10.0.0.3:8300"];
    private static readonly ServerMember Newcomer = new("id-4", "four", "10.0.0.4:8300", ServerMemberStatus.Alive);

    private readonly ForeignServers _foreign = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true, "10.0.0.4:8300")]
    [InlineData(true, "10.0.0.4:8300", "10.0.0.5:8300")]
    [InlineData(false, "10.0.0.4:8300", "10.0.0.2:8300")]
    public void A_server_is_foreign_when_it_has_peers_and_none_of_them_is_ours(bool isForeign, params string[] theirs)
    {
        Assert.True(_foreign.IsForeign(Newcomer));                      // as long as nobody has asked
        Assert.True(_foreign.Judge(Newcomer, theirs, Ours));
        Assert.Equal(isForeign, _foreign.IsForeign(Newcomer));
        Assert.False(_foreign.Judge(Newcomer, theirs, Ours));           // no news
    }

    [Fact]
    public void A_server_that_has_taken_the_address_of_one_of_ours_is_not_judged_by_its_own_address() =>
        Assert.True(_foreign.Judge(Newcomer with { Address = Ours[2] }, [Ours[2]], Ours) && _foreign.IsForeign(Newcomer));

    [Fact]
    public void Those_of_the_cluster_are_never_marked_and_those_that_are_gone_are_forgotten()
    {
        var cluster = new ClusterStatus(true, Ours[0], "id-1", 1, Ours) { Servers = [new ServerStatus("id-1", "one", Ours[0], true, true)] };
        PoolMember[] members = [Pool(new ServerMember("id-1", "one", Ours[0], ServerMemberStatus.Alive)), Pool(Newcomer)];
        Assert.Equal([false, true], _foreign.Mark(members, cluster).Select(static member => member.Server!.IsForeign));
        _foreign.Judge(Newcomer, [], Ours);
        Assert.Same(members, _foreign.Mark(members, cluster));
        _foreign.Mark([members[0]], cluster);
        Assert.True(_foreign.IsForeign(Newcomer));
    }

    private static PoolMember Pool(ServerMember server) => new(server.Name, server.Id, "10.0.0.1", PoolRole.Server, server.Status) { Server = server };
}
