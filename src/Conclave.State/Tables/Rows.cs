using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>What is left of a deleted key or prefix: keeps the index of the deletion until it is reaped.</summary>
internal sealed class Tombstone(byte[] key, ulong index)
{
    public readonly byte[] Key = key;
    public readonly ulong Index = index;
}

/// <summary>The last index of a table, a service or a kind of service.</summary>
internal sealed class TableIndex(string name, ulong value)
{
    public readonly string Name = name;
    public readonly ulong Value = value;
}

/// <summary>
/// A service instance joined with its node and the checks of both. Made again whenever one of them changes, so that health queries read a ready answer
/// instead of looking up node and checks for each instance.
/// </summary>
internal sealed class ServiceRow(NodeEntry node, NodeService service, HealthCheck[] checks, byte[] nodeKey, byte[] nameKey, byte[]? connectKey)
{
    public readonly NodeEntry Node = node;
    public readonly NodeService Service = service;

    /// <summary>Node checks, then those of the instance.</summary>
    public readonly HealthCheck[] Checks = checks;

    /// <summary>Key in the table of instances by node: node, id.</summary>
    public readonly byte[] NodeKey = nodeKey;

    /// <summary>Key in the table of instances by service: service, node, id.</summary>
    public readonly byte[] NameKey = nameKey;

    /// <summary>Key in the table of proxies and native instances: destination, node, id. Null for others.</summary>
    public readonly byte[]? ConnectKey = connectKey;

    public ServiceRow With(NodeEntry node, HealthCheck[] checks) => new(node, Service, checks, NodeKey, NameKey, ConnectKey);
}
