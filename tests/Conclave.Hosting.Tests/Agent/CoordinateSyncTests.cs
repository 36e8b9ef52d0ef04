using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Hosting.Agent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Agent;

public sealed class CoordinateSyncTests
{
    private readonly AgentGateway _gateway = new();
    private readonly MovingPools _pools = new();

    [Fact]
    public async Task A_coordinate_is_sent_when_it_has_moved()
    {
        await RegisterAsync();
        await using var sync = Start();
        Assert.Null(await sync.SendAsync());
        Assert.Equal(1, Known().Vec[0]);
        ulong before = _gateway.Raft.LastLogIndex;
        Assert.Null(await sync.SendAsync());
        Assert.Equal(before, _gateway.Raft.LastLogIndex);
        _pools.LanCoordinate = At(2);
        Assert.Null(await sync.SendAsync());
        Assert.Equal(2, Known().Vec[0]);
    }

    [Fact]
    public async Task What_the_catalog_was_not_told_is_sent_again()
    {
        await RegisterAsync();
        await using var sync = Start();
        _gateway.Error = "No cluster leader";
        Assert.Equal("No cluster leader", await sync.SendAsync());
        _gateway.Error = null;
        Assert.Null(await sync.SendAsync());
        Assert.Equal(1, Known().Vec[0]);
    }

    [Theory]
    [InlineData(1, 15)]
    [InlineData(960, 15)]
    [InlineData(6400, 100)]
    public void Large_datacenters_send_less_often(int members, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), CoordinateSync.Interval(members));

    private static Coordinate At(double x) => new([x, 0, 0, 0, 0, 0, 0, 0], 1.5, 0, 1e-5);

    private CoordinateSync Start() => new(_gateway, "n1", _pools, new Prng(1), TimeProvider.System, NullLogger.Instance);

    private async Task RegisterAsync() => await _gateway.ApplyAsync(CommandCodec.Encode(new RegisterRequest { Datacenter = "dc1", Node = "n1", Address = "127.0.0.1" }), default);

    private Coordinate Known()
    {
        var entries = new List<CoordinateEntry>();
        _gateway.Root.NodeCoordinates("n1", null, entries);
        return Assert.Single(entries).Coord;
    }

    /// <summary>Pools of one member that moves when it is told to.</summary>
    private sealed class MovingPools : IAgentPools
    {
        public Coordinate LanCoordinate { get; set; } = At(1);

        public void ListMembers(bool wan, List<AgentMember> into) => into.Add(new AgentMember { Name = "n1", Address = "127.0.0.1", Tags = [] });

        public void ListWanCoordinates(List<DatacenterCoordinates> into) => throw new NotSupportedException();

        public ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop) => throw new NotSupportedException();

        public ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, bool wan, CancellationToken stop) => throw new NotSupportedException();

        public ValueTask<AgentOutcome> FireAsync(UserEvent fired, CancellationToken stop) => throw new NotSupportedException();

        public ValueTask<KeyringAnswer> ManageKeysAsync(KeyringRequest request, CancellationToken stop) => throw new NotSupportedException();
    }
}
