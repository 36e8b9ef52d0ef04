using Conclave.Agent.Sync;
using Conclave.Core.Model;

namespace Conclave.Agent.Tests;

/// <summary>What the servers would hold for one node.</summary>
internal sealed class FakeCatalog
{
    public NodeEntry? Node { get; set; }

    public SortedDictionary<string, NodeService> Services { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, HealthCheck> Checks { get; } = new(StringComparer.Ordinal);

    /// <summary>The error of the write, or null when it was done.</summary>
    public string? Apply(SyncOperation operation)
    {
        if (operation.Deregister is { } removal)
        {
            Remove(removal);
            return null;
        }
        var write = operation.Register!;
        if (!write.SkipNodeUpdate)
            Node = new() { Id = write.Id, Name = write.Node, Address = write.Address, TaggedAddresses = write.TaggedAddresses, Meta = write.NodeMeta };
        if (write.Service is { } service) Services[service.Id] = service;
        foreach (var check in Written(write))
        {
            if (check.ServiceId.Length > 0 && !Services.ContainsKey(check.ServiceId)) return "Missing service registration";
            Checks[check.CheckId] = check;
        }
        return null;
    }

    private static IEnumerable<HealthCheck> Written(RegisterRequest write) => write.Check is { } single ? [single] : write.Checks ?? [];

    private void Remove(DeregisterRequest removal)
    {
        if (removal.ServiceId.Length == 0)
        {
            Checks.Remove(removal.CheckId);
            return;
        }
        Services.Remove(removal.ServiceId);
        foreach (string id in Checks.Values.Where(check => check.ServiceId == removal.ServiceId).Select(check => check.CheckId).ToArray()) Checks.Remove(id);
    }
}
