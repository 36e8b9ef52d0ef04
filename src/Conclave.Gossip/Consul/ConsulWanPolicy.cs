namespace Conclave.Gossip.Consul;

/// <summary>Who may come into the pool between datacenters: servers.</summary>
public sealed class ConsulWanPolicy : IMembershipPolicy
{
    /// <inheritdoc/>
    public string? Refuse(GossipMember candidate) => ConsulServer.TryParse(candidate, out _) ? null : $"Member '{candidate.Name}' is not a server";

    /// <inheritdoc/>
    public string? RefuseMerge(IReadOnlyList<GossipMember> others)
    {
        foreach (var other in others)
            if (Refuse(other) is { } reason) return reason;
        return null;
    }
}
