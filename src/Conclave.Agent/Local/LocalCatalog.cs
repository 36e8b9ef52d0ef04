using Conclave.Core.Model;

namespace Conclave.Agent.Local;

/// <summary>
/// Services and checks of this agent: the authority for what its node runs. Finding, adding and replacing cost the same however many there are.
/// Not thread-safe: touched only by the owner of the core.
/// </summary>
internal sealed class LocalCatalog
{
    private readonly Dictionary<string, LocalService> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LocalCheck> _checks = new(StringComparer.Ordinal);
    private readonly List<LocalCheck> _nodeChecks = [];
    private readonly Dictionary<string, List<IServiceWaiter>> _waiters = new(StringComparer.Ordinal);

    public int ServiceCount => _services.Count;

    public int CheckCount => _checks.Count;

    public IReadOnlyCollection<LocalService> Services => _services.Values;

    public IReadOnlyCollection<LocalCheck> Checks => _checks.Values;

    /// <summary>Checks that belong to no service.</summary>
    public IReadOnlyList<LocalCheck> NodeChecks => _nodeChecks;

    public LocalService? Service(string id) => _services.GetValueOrDefault(id);

    public LocalCheck? Check(string id) => _checks.GetValueOrDefault(id);

    /// <summary>Adds or replaces a service; its checks stay.</summary>
    public LocalService PutService(NodeService service, string token, Origin origin)
    {
        var old = Service(service.Id);
        var added = new LocalService(service, ContentHash.Of(service), token, origin) { Checks = old?.Checks ?? [] };
        _services[service.Id] = added;
        if (old?.ContentHash != added.ContentHash) Wake(service.Id);
        return added;
    }

    /// <summary>Removes a service that has no checks any more.</summary>
    public void RemoveService(LocalService service)
    {
        if (_services.Remove(service.Id)) Wake(service.Id);
    }

    /// <summary>Adds a check; one of the same id must have been removed before.</summary>
    public void AddCheck(LocalCheck check)
    {
        _checks.Add(check.Id, check);
        ListOf(check).Add(check);
    }

    /// <summary>Removes a check.</summary>
    public void RemoveCheck(LocalCheck check)
    {
        check.IsLive = false;
        _checks.Remove(check.Id);
        ListOf(check).Remove(check);
    }

    /// <summary>Registers a waiter unless the service's hash differs already.</summary>
    public bool Watch(string serviceId, string hash, IServiceWaiter waiter)
    {
        if (Service(serviceId)?.ContentHash != hash) return false;
        if (!_waiters.TryGetValue(serviceId, out var waiters)) _waiters[serviceId] = waiters = [];
        waiters.Add(waiter);
        return true;
    }

    /// <summary>Takes a waiter back.</summary>
    public void Unwatch(string serviceId, IServiceWaiter waiter)
    {
        if (!_waiters.TryGetValue(serviceId, out var waiters)) return;
        waiters.Remove(waiter);
        if (waiters.Count == 0) _waiters.Remove(serviceId);
    }

    private List<LocalCheck> ListOf(LocalCheck check) =>
        check.ServiceId.Length > 0 && Service(check.ServiceId) is { } service ? service.Checks : _nodeChecks;

    private void Wake(string serviceId)
    {
        if (!_waiters.Remove(serviceId, out var waiters)) return;
        foreach (var waiter in waiters) waiter.OnServiceChanged();
    }
}
