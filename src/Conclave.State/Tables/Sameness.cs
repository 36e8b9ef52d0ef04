using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Whether a write changes anything. An unchanged write keeps its ModifyIndex, so each peer must decide alike; null and empty differ as they do on the wire.</summary>
internal static class Sameness
{
    public static bool Same(NodeEntry a, NodeEntry b) =>
        a.Id == b.Id && a.Name.Equals(b.Name, StringComparison.OrdinalIgnoreCase) && a.Address == b.Address && a.Datacenter == b.Datacenter
        && SameMap(a.TaggedAddresses, b.TaggedAddresses) && SameMap(a.Meta, b.Meta);

    public static bool Same(NodeService a, NodeService b) =>
        a.Id == b.Id && a.Service == b.Service && a.Address == b.Address && a.Port == b.Port && a.SocketPath == b.SocketPath && a.Kind == b.Kind
        && a.Weights == b.Weights && a.EnableTagOverride == b.EnableTagOverride && SameList(a.Tags, b.Tags) && SameMap(a.Meta, b.Meta)
        && SameMap(a.TaggedAddresses, b.TaggedAddresses) && GenericTree.Same(a.Proxy, b.Proxy) && GenericTree.Same(a.Connect, b.Connect);

    /// <summary>Type, interval, timeout and exposed port do not count: they never change without the definition or a new registration.</summary>
    public static bool Same(HealthCheck a, HealthCheck b) =>
        a.Node.Equals(b.Node, StringComparison.OrdinalIgnoreCase) && a.CheckId == b.CheckId && a.Name == b.Name && a.Status == b.Status && a.Notes == b.Notes
        && a.Output == b.Output && a.ServiceId == b.ServiceId && a.ServiceName == b.ServiceName && SameList(a.ServiceTags, b.ServiceTags)
        && Same(a.Definition, b.Definition);

    public static bool SameList(IReadOnlyList<string>? a, IReadOnlyList<string>? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || a.Count != b.Count) return false;
        for (var i = 0; i < a.Count; i++)
            if (a[i] != b[i]) return false;
        return true;
    }

    public static bool SameMap<TValue>(IReadOnlyDictionary<string, TValue>? a, IReadOnlyDictionary<string, TValue>? b) where TValue : IEquatable<TValue>
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || a.Count != b.Count) return false;
        foreach (var (key, value) in a)
            if (!b.TryGetValue(key, out var other) || !value.Equals(other)) return false;
        return true;
    }

    private static bool Same(HealthCheckDefinition a, HealthCheckDefinition b) =>
        ReferenceEquals(a, b)
        || (SameList(a.ScriptArgs, b.ScriptArgs) && SameHeader(a.Header, b.Header) && a with { ScriptArgs = null, Header = null } == b with { ScriptArgs = null, Header = null });

    private static bool SameHeader(IReadOnlyDictionary<string, IReadOnlyList<string>>? a, IReadOnlyDictionary<string, IReadOnlyList<string>>? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || a.Count != b.Count) return false;
        foreach (var (key, value) in a)
            if (!b.TryGetValue(key, out var other) || !SameList(value, other)) return false;
        return true;
    }
}
