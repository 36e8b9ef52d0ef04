using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Core.Model;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Pools that keep what is fired and know one coordinate.</summary>
internal sealed class FakePools : IAgentPools
{
    public List<UserEvent> Fired { get; } = [];

    public Coordinate LanCoordinate { get; } = new(new double[8], 1.5, 0, 1e-5);

    public ValueTask<AgentOutcome> FireAsync(UserEvent fired, CancellationToken stop)
    {
        Fired.Add(fired);
        return new(AgentOutcome.Ok);
    }

    public void ListWanCoordinates(List<DatacenterCoordinates> into) => into.Add(new("dc1", [new CoordinateEntry("s1", "", LanCoordinate)]));

    public void ListMembers(bool wan, List<AgentMember> into) => throw new NotSupportedException();

    public ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop) => throw new NotSupportedException();

    public ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, bool wan, CancellationToken stop) => throw new NotSupportedException();

    public ValueTask<KeyringAnswer> ManageKeysAsync(KeyringRequest request, CancellationToken stop) => throw new NotSupportedException();
}
