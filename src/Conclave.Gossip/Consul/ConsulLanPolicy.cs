namespace Conclave.Gossip.Consul;

/// <summary>Who may come into the pool of a datacenter: whoever is not of another one, nor of another segment, nor has the id of another node.</summary>
/// <param name="name">Our name.</param>
/// <param name="id">Our node id.</param>
/// <param name="datacenter">Our datacenter.</param>
/// <param name="segment">Our segment.</param>
public sealed class ConsulLanPolicy(string name, string id, string datacenter, string segment = "") : IMembershipPolicy
{
    // Older agents made up their ids from the hardware, so that clones of a machine shared them.
    private static readonly ConsulBuild s_uniqueIdsSince = new(0, 8, 5);

    /// <inheritdoc/>
    public string? Refuse(GossipMember candidate) => candidate.Status == MemberStatus.Left && HasId(candidate) ? null : RefuseAlone(candidate);

    /// <inheritdoc/>
    public string? RefuseMerge(IReadOnlyList<GossipMember> others)
    {
        var namesById = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var other in others)
        {
            if (other.Status == MemberStatus.Left && HasId(other)) continue;
            if (RefuseAlone(other) is { } reason) return reason;
            if (!HasId(other) || !ConsulBuild.TryFind(other.Tag("build"), out var build) || build < s_uniqueIdsSince) continue;
            string otherId = other.Tag("id")!;
            if (!namesById.TryAdd(otherId, other.Name)) return $"Member '{other.Name}' has conflicting node ID '{otherId}' with member '{namesById[otherId]}'";
        }
        return null;
    }

    private static bool HasId(GossipMember member) => member.Tag("id") is { Length: > 0 };

    private string? RefuseAlone(GossipMember member)
    {
        if (member.Tag("id") == id && id.Length > 0 && member.Name != name) return $"Member '{member.Name}' has conflicting node ID '{id}' with this agent's ID";
        bool isAgent = member.Tag("role") is ConsulTags.ClientRole or ConsulTags.ServerRole;
        if (isAgent && (member.Tag("dc") ?? "") != datacenter) return $"Member '{member.Name}' part of wrong datacenter '{member.Tag("dc")}'";
        string otherSegment = member.Tag("segment") ?? "";
        return otherSegment == segment ? null : $"Member '{member.Name}' part of wrong segment '{otherSegment}' (expected '{segment}')";
    }
}
