using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Core.Model;

namespace Conclave.Http.Tests.Support;

/// <summary>Pools with fixed members that say what they were asked.</summary>
internal sealed class FixedPools(EventReceiver? receiver = null) : IAgentPools
{
    public KeyringRequest? KeysAsked { get; private set; }

    public KeyringAnswer Keys { get; set; } = new(AgentOutcome.Ok, []);

    public List<DatacenterCoordinates> Datacenters { get; } = [];

    public Coordinate LanCoordinate { get; } = new([0.5, 0, 0, 0, 0, 0, 0, 0], 1.5, 0, 1e-5);

    public void ListMembers(bool wan, List<AgentMember> into)
    {
        into.Add(new() { Name = wan ? "node-1.dc1" : "node-1", Address = "127.0.0.1", Port = 8301, Tags = [new("dc", "dc1")] });
        into.Add(new() { Name = wan ? "node-2.dc1" : "node-2", Address = "127.0.0.2", Port = 8301, Tags = [new("dc", "dc1")], Status = 4, Versions = new byte[] { 1, 5, 2, 2, 5, 3 } });
    }

    public ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop) => new(AgentOutcome.Failed($"join {address} {wan}"));

    public ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, bool wan, CancellationToken stop) => new(AgentOutcome.Failed($"force-leave {node} {prune} {wan}"));

    public ValueTask<AgentOutcome> FireAsync(UserEvent fired, CancellationToken stop)
    {
        receiver?.Deliver(fired);
        return new(AgentOutcome.Ok);
    }

    public ValueTask<KeyringAnswer> ManageKeysAsync(KeyringRequest request, CancellationToken stop)
    {
        KeysAsked = request;
        return new(Keys);
    }

    public void ListWanCoordinates(List<DatacenterCoordinates> into) => into.AddRange(Datacenters);
}
