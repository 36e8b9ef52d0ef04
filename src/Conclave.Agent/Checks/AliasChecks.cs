using System.Diagnostics.CodeAnalysis;
using Conclave.Agent.Local;
using Conclave.Core.Model;

namespace Conclave.Agent.Checks;

/// <summary>Checks that copy the health of a service of this agent (or of the node), and which of them must look again.</summary>
internal sealed class AliasChecks(LocalCatalog catalog)
{
    private readonly SortedDictionary<string, LocalCheck> _all = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<LocalCheck>> _byService = new(StringComparer.Ordinal);
    private readonly Queue<LocalCheck> _queue = new();
    private readonly HashSet<LocalCheck> _queued = [];

    public int Count => _all.Count;

    public bool IsEmpty => _all.Count == 0;

    public void Add(LocalCheck alias)
    {
        _all[alias.Id] = alias;
        string service = alias.Definition!.AliasService;
        if (!_byService.TryGetValue(service, out var aliases)) _byService[service] = aliases = [];
        aliases.Add(alias);
    }

    public void Remove(LocalCheck check)
    {
        if (!_all.TryGetValue(check.Id, out var known) || known != check) return;
        _all.Remove(check.Id);
        string service = check.Definition!.AliasService;
        var aliases = _byService[service];
        aliases.Remove(check);
        if (aliases.Count == 0) _byService.Remove(service);
    }

    /// <summary>A check of this service changed; the empty id stands for the node, whose checks count for every alias.</summary>
    public void Enqueue(string serviceId)
    {
        if (serviceId.Length == 0)
            foreach (var alias in _all.Values) Enqueue(alias);
        else if (_byService.TryGetValue(serviceId, out var aliases))
            foreach (var alias in aliases) Enqueue(alias);
    }

    public bool TryDequeue([NotNullWhen(true)] out LocalCheck? alias)
    {
        if (!_queue.TryDequeue(out alias)) return false;
        _queued.Remove(alias);
        return true;
    }

    public void ClearQueue()
    {
        _queue.Clear();
        _queued.Clear();
    }

    /// <summary>The worst state among the node's and the service's checks, without the alias itself.</summary>
    public (string Status, string Output) Evaluate(LocalCheck alias, string nodeName)
    {
        string id = alias.Definition!.AliasService;
        var service = id.Length > 0 ? catalog.Service(id) : null;
        if (id.Length > 0 && service is null) return (HealthStatus.Critical, $"Service {id} could not be found on node {nodeName}");
        var worst = (Status: HealthStatus.Passing, Output: "No checks found.");
        Worsen(ref worst, catalog.NodeChecks, alias);
        if (service is not null) Worsen(ref worst, service.Checks, alias);
        return worst;
    }

    private static void Worsen(ref (string Status, string Output) worst, IReadOnlyList<LocalCheck> checks, LocalCheck alias)
    {
        foreach (var check in checks)
        {
            if (check == alias || worst.Status == HealthStatus.Critical) continue;
            bool failing = check.Status is HealthStatus.Critical or HealthStatus.Warning;
            if (failing) worst = (check.Status, $"Aliased check \"{check.Shape.Name}\" failing: {check.Output}");
            else if (worst.Status == HealthStatus.Passing) worst.Output = "All checks passing.";
        }
    }

    private void Enqueue(LocalCheck alias)
    {
        if (_queued.Add(alias)) _queue.Enqueue(alias);
    }
}
