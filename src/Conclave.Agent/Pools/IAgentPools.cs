using Conclave.Agent.Events;
using Conclave.Core.Model;

namespace Conclave.Agent.Pools;

/// <summary>Coordinates of a datacenter's servers, measured between datacenters.</summary>
/// <param name="Datacenter">Which.</param>
/// <param name="Servers">By name of the node, without the datacenter.</param>
public sealed record DatacenterCoordinates(string Datacenter, IReadOnlyList<CoordinateEntry> Servers);

/// <summary>
/// The gossip pools of an agent as its front ends see them: the one of the datacenter and, for servers, the one between datacenters. Thread-safe.
/// Error texts are those that users of Consul know.
/// </summary>
public interface IAgentPools
{
    /// <summary>Appends the members of a pool in ordinal order of their names, ourselves among them; nothing for a pool that this agent is not in.</summary>
    void ListMembers(bool wan, List<AgentMember> into);

    /// <summary>Joins the pool of the agent at <paramref name="address"/>: host or <c>host:port</c>, with or without <c>name/</c> in front.</summary>
    ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop);

    /// <summary>
    /// Declares a failed member gone, in the pool of the datacenter and (as <c>name.datacenter</c>) in the one between datacenters; with <paramref name="prune"/> also
    /// forgets it. With <paramref name="wan"/> only in the pool between datacenters, under its name there. An alive member is left alone: it objects.
    /// </summary>
    ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, bool wan, CancellationToken stop);

    /// <summary>
    /// Sends an event to all agents of the datacenter. It comes back to this agent as to any other, through <see cref="EventReceiver.Deliver"/>.
    /// Too large an event: <see cref="UserEvent.BroadcastError"/> around the pool's words.
    /// </summary>
    ValueTask<AgentOutcome> FireAsync(UserEvent fired, CancellationToken stop);

    /// <summary>Does something with the keys of all pools and gathers what each pool says. Fails on agents that are not servers.</summary>
    ValueTask<KeyringAnswer> ManageKeysAsync(KeyringRequest request, CancellationToken stop);

    /// <summary>Our own coordinate in the pool of the datacenter.</summary>
    Coordinate LanCoordinate { get; }

    /// <summary>Appends what is known of the servers' coordinates between datacenters, ordered by datacenter and name; nothing on agents that are not servers.</summary>
    void ListWanCoordinates(List<DatacenterCoordinates> into);
}
