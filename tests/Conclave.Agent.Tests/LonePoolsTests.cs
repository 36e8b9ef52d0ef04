using Conclave.Agent.Events;
using Conclave.Agent.Pools;

namespace Conclave.Agent.Tests;

public sealed class LonePoolsTests
{
    private static readonly AgentIdentity Server = new() { NodeName = "n1", NodeId = "aaaaaaaa-0000-4000-8000-000000000001" };
    private static readonly AgentMember Lan = new() { Name = "n1", Address = "10.0.0.1", Port = 8301, Tags = [] };
    private static readonly AgentMember Wan = Lan with { Name = "n1.dc1", Port = 8302 };

    private readonly EventLog _log = new();

    [Fact]
    public async Task An_event_comes_back_once_with_a_growing_time()
    {
        var pools = Pools(Server, Wan);
        Assert.True((await pools.FireAsync(Event("a"), default)).IsOk);
        Assert.True((await pools.FireAsync(Event("b"), default)).IsOk);
        Assert.True((await pools.FireAsync(Event("c") with { NodeFilter = "other" }, default)).IsOk);
        var kept = new List<UserEvent>();
        _log.List("", kept);
        Assert.Equal([("a", 1UL), ("b", 2UL)], kept.Select(static one => (one.Name, one.LTime)));
    }

    [Fact]
    public async Task An_event_above_the_limit_is_refused()
    {
        var outcome = await Pools(Server, Wan).FireAsync(Event("a") with { Payload = new byte[UserEvent.WireBytesMax] }, default);
        Assert.Equal("1 error occurred:\n\t* error broadcasting event to segment \"\": user event exceeds configured limit of 512 bytes before encoding\n\n", outcome.Text);
    }

    [Fact]
    public async Task Keys_need_a_server_and_encryption()
    {
        var list = new KeyringRequest(KeyringVerb.List, "", 0, false);
        var answer = await Pools(Server, Wan).ManageKeysAsync(list, default);
        Assert.Equal([("n1.dc1", true), ("n1", false)], answer.Pools.Select(static pool => (pool.Messages[0].Key, pool.IsWan)));
        Assert.All(answer.Pools, static pool => Assert.Equal("Keyring is empty (encryption not enabled)", pool.Messages[0].Value));
        Assert.Equal("keyring operations must run against a server node", (await Pools(Server with { IsServer = false }, null).ManageKeysAsync(list, default)).Outcome.Text);
    }

    [Fact]
    public async Task It_joins_and_forces_out_nobody_but_itself()
    {
        var pools = Pools(Server, null);
        Assert.True((await pools.JoinAsync("10.0.0.1:8301", wan: false, default)).IsOk);
        Assert.False((await pools.JoinAsync("10.0.0.2", wan: false, default)).IsOk);
        Assert.Equal("Must be a server to join WAN cluster", (await pools.JoinAsync("10.0.0.1", wan: true, default)).Text);
        Assert.True((await pools.ForceLeaveAsync("n1", prune: true, wan: false, default)).IsOk);
        Assert.Equal("agent: No node found with name 'n2'", (await pools.ForceLeaveAsync("n2", prune: false, wan: false, default)).Text);
        var members = new List<AgentMember>();
        pools.ListMembers(wan: true, members);
        Assert.Empty(members);
    }

    private LonePools Pools(AgentIdentity identity, AgentMember? wan) => new(identity, Lan, wan, new EventReceiver(identity.NodeName, new NoServices(), _log));

    private static UserEvent Event(string name) => new() { Id = Guid.NewGuid().ToString(), Name = name };
}
