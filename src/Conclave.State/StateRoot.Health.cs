using Conclave.Core.Model;

namespace Conclave.State;

public sealed partial class StateRoot
{
    /// <summary>Checks of a node, node checks and service checks.</summary>
    public ulong NodeChecks(string node, WatchSet? watches, List<HealthCheck> into)
    {
        foreach (var check in Tables.Checks.Scan(Keys.Of(stackalloc byte[Keys.Scratch], node), watches)) into.Add(check);
        return IndexOf(IndexName.Checks);
    }

    /// <summary>Checks of all instances of a service.</summary>
    public ulong ServiceChecks(string service, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<HealthCheck> into)
    {
        var filtered = nodeMeta is { Count: > 0 };
        foreach (var check in Tables.ChecksByService.Scan(Keys.Of(stackalloc byte[Keys.Scratch], service), watches))
            if (!filtered || OnNodeWith(check, nodeMeta)) into.Add(check);
        if (!filtered) return IndexOf(IndexName.Checks);
        Tables.Nodes.WatchAll(watches);
        return ServiceIndex(service, exists: true, withChecks: true);
    }

    /// <summary>Checks in a state; <see cref="HealthStatus.Any"/> for all.</summary>
    public ulong ChecksInState(string state, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<HealthCheck> into)
    {
        var filtered = nodeMeta is { Count: > 0 };
        var checks = state == HealthStatus.Any
            ? Tables.Checks.Scan([], watches)
            : Tables.ChecksByStatus.Scan(Keys.Of(stackalloc byte[Keys.Scratch], state), watches);
        foreach (var check in checks)
            if (!filtered || OnNodeWith(check, nodeMeta)) into.Add(check);
        if (!filtered) return IndexOf(IndexName.Checks);
        Tables.Nodes.WatchAll(watches);
        return Math.Max(IndexOf(IndexName.Nodes), IndexOf(IndexName.Checks));
    }

    /// <summary>Instances of a service with node and checks. With <paramref name="connect"/>: the proxies and connect-native instances for it.</summary>
    public ulong CheckServiceNodes(string service, IReadOnlyList<string>? tags, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, bool connect, WatchSet? watches, List<CheckServiceNode> into)
    {
        var exists = false;
        ulong index = 0;
        string? name = null;
        foreach (var row in Instances(connect ? Tables.ServicesByConnect : Tables.ServicesByName, service, watches))
        {
            exists = true;
            if (connect && name != row.Service.Service)
            {
                // Proxies have names of their own, and with them indexes of their own.
                name = row.Service.Service;
                index = Math.Max(index, ServiceIndex(name, exists: true, withChecks: true));
            }
            if (CatalogConditions.HasTags(row.Service, tags) && CatalogConditions.Carries(row.Node, nodeMeta)) into.Add(new CheckServiceNode(row.Node, row.Service, row.Checks));
        }
        return index > 0 ? index : ServiceIndex(service, exists, withChecks: true);
    }

    private bool OnNodeWith(HealthCheck check, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta) =>
        Tables.Nodes.Get(Keys.Of(stackalloc byte[Keys.Scratch], check.Node)) is { } node && CatalogConditions.Carries(node, nodeMeta);
}
