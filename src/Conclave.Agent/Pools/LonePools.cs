using Conclave.Agent.Events;
using Conclave.Core.Model;

namespace Conclave.Agent.Pools;

/// <summary>The pools of an agent that gossips with nobody: it is the only member, unencrypted, at the origin of all coordinates.</summary>
public sealed class LonePools : IAgentPools
{
    private const int Dimensions = 8;
    private const double ErrorAtStart = 1.5, HeightMin = 10e-6;

    private readonly AgentIdentity _identity;
    private readonly AgentMember _lan;
    private readonly AgentMember? _wan;
    private readonly EventReceiver _receiver;
    private ulong _eventTime;

    /// <summary>Pools with one member.</summary>
    /// <param name="identity">Who that is.</param>
    /// <param name="lan">It as a member of the pool of the datacenter.</param>
    /// <param name="wan">It as a member of the pool between datacenters, or null.</param>
    /// <param name="receiver">Where its own events arrive.</param>
    public LonePools(AgentIdentity identity, AgentMember lan, AgentMember? wan, EventReceiver receiver)
    {
        (_identity, _lan, _wan, _receiver) = (identity, lan, wan, receiver);
        LanCoordinate = new Coordinate(new double[Dimensions], ErrorAtStart, 0, HeightMin);
    }

    /// <inheritdoc/>
    public Coordinate LanCoordinate { get; }

    /// <inheritdoc/>
    public void ListMembers(bool wan, List<AgentMember> into)
    {
        if ((wan ? _wan : _lan) is { } self) into.Add(self);
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop)
    {
        if (wan && _wan is null) return new(AgentOutcome.Failed("Must be a server to join WAN cluster"));
        var self = wan ? _wan! : _lan;
        bool isSelf = address == self.Address || address == $"{self.Address}:{self.Port}" || address == $"[{self.Address}]:{self.Port}";
        return new(isSelf ? AgentOutcome.Ok : AgentOutcome.Failed($"1 error occurred:\n\t* Failed to join {address}: this agent does not gossip\n\n"));
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, bool wan, CancellationToken stop) =>
        new(node == (wan ? _wan : _lan)?.Name ? AgentOutcome.Ok : AgentOutcome.Failed($"agent: No node found with name '{node}'"));

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> FireAsync(UserEvent fired, CancellationToken stop)
    {
        if (fired.WireBytes() > UserEvent.WireBytesMax) return new(AgentOutcome.Failed(UserEvent.TooLargeError));
        _receiver.Deliver(fired with { LTime = Interlocked.Increment(ref _eventTime) });
        return new(AgentOutcome.Ok);
    }

    /// <inheritdoc/>
    public ValueTask<KeyringAnswer> ManageKeysAsync(KeyringRequest request, CancellationToken stop)
    {
        if (!_identity.IsServer) return new(new KeyringAnswer(AgentOutcome.Failed("keyring operations must run against a server node"), []));
        var pools = new List<PoolKeys>();
        if (_wan is not null) pools.Add(NoKeys(request, _wan, isWan: true));
        pools.Add(NoKeys(request, _lan, isWan: false));
        return new(new KeyringAnswer(AgentOutcome.Ok, pools));
    }

    /// <inheritdoc/>
    public void ListWanCoordinates(List<DatacenterCoordinates> into)
    {
        if (_wan is not null) into.Add(new(_identity.Datacenter, [new CoordinateEntry(_identity.NodeName, "", LanCoordinate)]));
    }

    // What the only member would say of itself, in the words of a pool without encryption.
    private PoolKeys NoKeys(KeyringRequest request, AgentMember self, bool isWan) => new()
    {
        IsWan = isWan,
        Datacenter = _identity.Datacenter,
        NodeCount = 1,
        Error = "1/1 nodes reported failure",
        Messages = [new(self.Name, request.Verb == KeyringVerb.List ? "Keyring is empty (encryption not enabled)" : "No keyring to modify (encryption not enabled)")],
    };
}
