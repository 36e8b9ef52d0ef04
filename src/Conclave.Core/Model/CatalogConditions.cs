namespace Conclave.Core.Model;

/// <summary>Conditions that readers of the catalog put to instances, wherever they are evaluated.</summary>
public static class CatalogConditions
{
    /// <summary>Whether the service bears all of the tags; upper and lower case are the same. Null and empty ask for nothing.</summary>
    public static bool HasTags(NodeService service, IReadOnlyList<string>? tags)
    {
        ArgumentNullException.ThrowIfNull(service);
        for (int i = 0; i < (tags?.Count ?? 0); i++)
            if (!HasTag(service.Tags, tags![i])) return false;
        return true;
    }

    /// <summary>Whether the node bears all of the metadata. Null and empty ask for nothing.</summary>
    public static bool Carries(NodeEntry node, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta)
    {
        ArgumentNullException.ThrowIfNull(node);
        for (int i = 0; i < (nodeMeta?.Count ?? 0); i++)
            if (node.Meta is null || !node.Meta.TryGetValue(nodeMeta![i].Key, out string? value) || value != nodeMeta[i].Value) return false;
        return true;
    }

    private static bool HasTag(IReadOnlyList<string>? tags, string wanted)
    {
        for (int i = 0; i < (tags?.Count ?? 0); i++)
            if (tags![i].Equals(wanted, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
