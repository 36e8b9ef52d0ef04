using Conclave.Agent.Configuration;
using Conclave.Agent.Local;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Agent.Sync;

/// <summary>
/// Decides what to write to the catalog so that it says the same as the local services and checks. Local changes go out at once; a full comparison
/// from time to time finds what went wrong, and what the catalog has too much. Not thread-safe: touched only by the owner of the core.
/// </summary>
internal sealed class AntiEntropy
{
    private const int InFlightMax = 64;                        // enough to fill a group commit; more would only queue at the server
    private const int ChecksPerWriteMax = 64;
    private const int UnscaledSizeMax = 128;
    private const string ServerService = "consul";             // written by the leader
    private const string NodeSynced = "Synced node info";
    private const string GossipCheck = "serfHealth";           // written by the leader

    private readonly AgentCoreOptions _options;
    private readonly LocalCatalog _catalog;
    private readonly Prng _random;
    private readonly List<AgentEffect> _effects;
    private readonly Dictionary<string, SyncUnit> _units = new(StringComparer.Ordinal);
    private readonly Queue<SyncUnit> _ready = new();
    private readonly IReadOnlyDictionary<string, string> _taggedAddresses;
    private int _inFlight;
    private bool _compared;                                    // nothing is written before the first comparison: most of it is there already after a restart
    private bool _reading;
    private bool _nodeInSync;
    private bool _nodeInFlight;
    private int _failures;
    private Instant _retryAt;
    private Instant _nextFull;

    public AntiEntropy(AgentCoreOptions options, LocalCatalog catalog, Prng random, List<AgentEffect> effects, Instant now)
    {
        (_options, _catalog, _random, _effects) = (options, catalog, random, effects);
        _taggedAddresses = NodeFacts.TaggedAddresses(options.Identity);
        NodeMeta = NodeFacts.Meta(options.Identity.NodeMeta);
        _nextFull = _retryAt = now;
    }

    public IReadOnlyDictionary<string, string> NodeMeta { get; private set; }

    /// <summary>Whether the catalog is known to say the same as the agent.</summary>
    public bool IsInSync => _compared && _nodeInSync && _units.Count == 0;

    /// <summary>Whether the catalog is known to say the same about one service; true for one that neither has.</summary>
    public bool IsServiceInSync(string serviceId) => _compared && _nodeInSync && !_units.ContainsKey(serviceId);

    public Instant NextWake
    {
        get
        {
            bool canWrite = _compared && (_nodeInSync ? _ready.Count > 0 && _inFlight < InFlightMax : !_nodeInFlight);
            var read = _reading ? Instant.Never : _nextFull;
            return canWrite && _retryAt < read ? _retryAt : read;
        }
    }

    /// <summary>The node's metadata are these from now on.</summary>
    public void SetNodeMeta(IReadOnlyDictionary<string, string>? configured)
    {
        var fresh = NodeFacts.Meta(configured);
        if (NodeFacts.IsSame(fresh, NodeMeta)) return;
        NodeMeta = fresh;
        _nodeInSync = false;
    }

    /// <summary>Agents of the datacenter. All of them compare, so the more there are, the less often each does.</summary>
    public int ClusterSize { get; set; }

    /// <summary>How many times as long a pause between comparisons is among so many agents: twice as many above 128 add one.</summary>
    public static int ScaleOf(int clusterSize) =>
        clusterSize <= UnscaledSizeMax ? 1 : (int)Math.Ceiling(Math.Log2(clusterSize) - Math.Log2(UnscaledSizeMax)) + 1;

    /// <summary>Compares as soon as possible, or at a moment of chance within <paramref name="within"/> when all agents have the same reason. The first comparison never waits.</summary>
    public void RequestFullSync(Instant now, TimeSpan within)
    {
        var due = _compared ? now + _random.NextTimeSpan(within) : now;
        if (due < _nextFull) _nextFull = due;
        _retryAt = now;
    }

    public void ServiceChanged(string serviceId)
    {
        var unit = Unit(serviceId);
        unit.ServiceDirty = true;
        unit.ServiceGone = false;
        Queue(unit);
    }

    public void ServiceRemoved(string serviceId)
    {
        var unit = Unit(serviceId);
        unit.ServiceDirty = false;
        unit.ServiceGone = true;
        Queue(unit);
    }

    public void CheckChanged(LocalCheck check)
    {
        check.ChangeNumber++;
        check.InSync = false;
        var unit = Unit(check.ServiceId);
        unit.GoneChecks.Remove(check.Id);
        if (!check.IsDirty)
        {
            check.IsDirty = true;
            unit.DirtyChecks.Add(check);
        }
        Queue(unit);
    }

    public void CheckRemoved(string serviceId, string checkId)
    {
        var unit = Unit(serviceId);
        if (!unit.GoneChecks.Contains(checkId)) unit.GoneChecks.Add(checkId);
        Queue(unit);
    }

    /// <summary>Starts what is due.</summary>
    public void Tick(Instant now)
    {
        if (now >= _nextFull && !_reading)
        {
            _reading = true;
            _effects.Add(new ReadCatalog());
        }
        if (!_compared || now < _retryAt) return;
        if (!_nodeInSync && !_nodeInFlight) WriteNode();
        while (_nodeInSync && _inFlight < InFlightMax && _ready.TryDequeue(out var unit))
        {
            unit.IsQueued = false;
            if (Next(unit) is not { } operation)
            {
                Forget(unit);
                continue;
            }
            unit.IsInFlight = true;
            _inFlight++;
            _effects.Add(new WriteCatalog(operation));
        }
    }

    /// <summary>A write was answered; <paramref name="error"/> is null when it was done.</summary>
    public void OnDone(SyncOperation operation, string? error, Instant now)
    {
        bool refused = error is not null && IsRefusal(error);
        if (error is null) _failures = 0;
        else if (!refused) BackOff(now);
        Log(operation, error, refused);
        if (operation.Unit is not { } unit)
        {
            _nodeInFlight = false;
            _nodeInSync = error is null || refused;
            return;
        }
        _inFlight--;
        unit.IsInFlight = false;
        if (error is null || refused) Settle(operation, unit);
        else Restore(operation, unit);
        if (unit.IsEmpty) Forget(unit);
        else Queue(unit);
    }

    /// <summary>The comparison could not read the catalog.</summary>
    public void OnReadFailed(Instant now)
    {
        _reading = false;
        BackOff(now);
        _nextFull = _retryAt;
    }

    /// <summary>Compares with what the catalog holds for this node; <paramref name="node"/> is null when it holds nothing.</summary>
    public void OnRead(NodeEntry? node, IReadOnlyList<NodeService> services, IReadOnlyList<HealthCheck> checks, Instant now)
    {
        bool first = !_compared;
        _reading = false;
        _compared = true;
        _failures = 0;
        var interval = _options.FullSyncInterval * ScaleOf(ClusterSize);
        _nextFull = now + interval + _random.NextTimeSpan(interval);
        _nodeInSync = node is not null && NodeFacts.IsSame(node, _options.Identity, _taggedAddresses, NodeMeta);
        // Start scripts wait for this line, also when the leader has written the node already.
        if (first && _nodeInSync) _effects.Add(new WriteLog(LogLevels.Info, NodeSynced));
        CompareServices(services);
        CompareChecks(checks);
    }

    private void CompareServices(IReadOnlyList<NodeService> remote)
    {
        var known = new Dictionary<string, NodeService>(remote.Count, StringComparer.Ordinal);
        foreach (var service in remote)
        {
            known[service.Id] = service;
            if (_catalog.Service(service.Id) is null && service.Id != ServerService) ServiceRemoved(service.Id);
        }
        foreach (var local in _catalog.Services.ToArray())
        {
            if (!known.TryGetValue(local.Id, out var there))
            {
                ServiceChanged(local.Id);
                continue;
            }
            var service = local;
            if (local.Service.EnableTagOverride && !SameTags(local.Service.Tags, there.Tags))
                service = _catalog.PutService(local.Service with { Tags = there.Tags ?? [] }, local.Token, local.Origin);
            if (service.ContentHash != ContentHash.Of(there)) ServiceChanged(service.Id);
            else Unmark(service.Id);
        }
    }

    /// <summary>A service that was to be written turned out to be there already.</summary>
    private void Unmark(string serviceId)
    {
        if (_units.TryGetValue(serviceId, out var unit) && !unit.IsInFlight) unit.ServiceDirty = false;
    }

    private void CompareChecks(IReadOnlyList<HealthCheck> remote)
    {
        var known = new Dictionary<string, HealthCheck>(remote.Count, StringComparer.Ordinal);
        foreach (var check in remote)
        {
            known[check.CheckId] = check;
            if (_catalog.Check(check.CheckId) is null && check.CheckId != GossipCheck && !IsServerCheck(check)) CheckRemoved(check.ServiceId, check.CheckId);
        }
        foreach (var local in _catalog.Checks)
        {
            bool same = known.TryGetValue(local.Id, out var there) && IsSame(local, there);
            if (!same) CheckChanged(local);
            else if (!local.InSync) SettleCheck(local);
        }
    }

    private static bool IsServerCheck(HealthCheck check) => check.ServiceId == ServerService;

    /// <summary>Output is not compared while its write is put off on purpose. Tags are the service's own in the catalog.</summary>
    private static bool IsSame(LocalCheck local, HealthCheck there) =>
        local.Status == there.Status && local.Shape.Name == there.Name && local.Shape.Notes == there.Notes && local.ServiceId == there.ServiceId
        && local.Shape.ServiceName == there.ServiceName && (local.DeferredSync is not null || local.Output == there.Output);

    private static bool SameTags(IReadOnlyList<string>? a, IReadOnlyList<string>? b) => (a ?? []).SequenceEqual(b ?? []);

    private void SettleCheck(LocalCheck check)
    {
        if (_units.TryGetValue(check.ServiceId, out var unit) && unit.IsInFlight) return;
        check.InSync = true;
        if (!check.IsDirty) return;
        check.IsDirty = false;
        unit?.DirtyChecks.Remove(check);
    }

    private void WriteNode()
    {
        _nodeInFlight = true;
        _effects.Add(new WriteCatalog(new SyncOperation { Unit = null, Register = Request(null, null, null, ""), Done = NodeSynced }));
    }

    /// <summary>The next write of a unit; null when there is none. Removals of single checks go first, because a new service must not inherit them.</summary>
    private SyncOperation? Next(SyncUnit unit)
    {
        if (unit.ServiceGone) return RemoveService(unit);
        if (unit.GoneChecks.Count > 0) return RemoveCheck(unit);
        return unit.ServiceDirty || unit.DirtyChecks.Count > 0 ? Write(unit) : null;
    }

    private SyncOperation RemoveService(SyncUnit unit)
    {
        unit.ServiceGone = false;
        unit.GoneChecks.Clear();                               // the catalog removes a service's checks with it
        return new()
        {
            Unit = unit,
            Deregister = new() { Datacenter = _options.Identity.Datacenter, Node = _options.Identity.NodeName, ServiceId = unit.ServiceId },
            Done = "Deregistered service: service=" + unit.ServiceId,
        };
    }

    private SyncOperation RemoveCheck(SyncUnit unit)
    {
        string id = unit.GoneChecks[^1];
        unit.GoneChecks.RemoveAt(unit.GoneChecks.Count - 1);
        return new()
        {
            Unit = unit,
            Deregister = new() { Datacenter = _options.Identity.Datacenter, Node = _options.Identity.NodeName, CheckId = id },
            Done = "Deregistered check: check=" + id,
        };
    }

    private SyncOperation? Write(SyncUnit unit)
    {
        var service = unit.ServiceDirty ? _catalog.Service(unit.ServiceId) : null;
        unit.ServiceDirty = false;
        var checks = new List<HealthCheck>();
        var written = new List<(LocalCheck, long)>();
        int from = Math.Max(0, unit.DirtyChecks.Count - ChecksPerWriteMax);
        for (int i = from; i < unit.DirtyChecks.Count; i++)
        {
            var check = unit.DirtyChecks[i];
            check.IsDirty = false;
            if (!check.IsLive) continue;
            checks.Add(check.View);
            written.Add((check, check.ChangeNumber));
        }
        unit.DirtyChecks.RemoveRange(from, unit.DirtyChecks.Count - from);
        if (service is null && checks.Count == 0) return unit.IsEmpty ? null : Next(unit);
        return new()
        {
            Unit = unit,
            Service = service,
            Checks = written,
            Register = Request(service?.Service, checks.Count == 1 ? checks[0] : null, checks.Count > 1 ? checks : null, service?.Token ?? ""),
            Done = service is not null ? "Synced service: service=" + service.Id : "Synced check: check=" + checks[0].CheckId,
        };
    }

    private RegisterRequest Request(NodeService? service, HealthCheck? check, List<HealthCheck>? checks, string token) => new()
    {
        Datacenter = _options.Identity.Datacenter,
        Id = _options.Identity.NodeId,
        Node = _options.Identity.NodeName,
        Address = _options.Identity.AdvertiseAddress,
        TaggedAddresses = _taggedAddresses,
        NodeMeta = NodeMeta,
        Service = service,
        Check = check,
        Checks = checks,
        SkipNodeUpdate = _nodeInSync,
        Token = token,
    };

    private static void Settle(SyncOperation operation, SyncUnit unit)
    {
        foreach (var (check, changeNumber) in operation.Checks)
            if (check.ChangeNumber == changeNumber) check.InSync = true;
        if (operation.Deregister is { CheckId.Length: > 0 } removed) unit.GoneChecks.Remove(removed.CheckId);
    }

    /// <summary>Puts back what a failed write took, unless something newer stands there.</summary>
    private void Restore(SyncOperation operation, SyncUnit unit)
    {
        if (operation.Deregister is { } removal)
        {
            if (removal.ServiceId.Length > 0) unit.ServiceGone = _catalog.Service(unit.ServiceId) is null;
            else if (_catalog.Check(removal.CheckId) is null && !unit.GoneChecks.Contains(removal.CheckId)) unit.GoneChecks.Add(removal.CheckId);
            return;
        }
        // A service that somebody removed from the catalog must be written again with its checks, hence it is marked in any case.
        unit.ServiceDirty |= unit.ServiceId.Length > 0 && _catalog.Service(unit.ServiceId) is not null;
        foreach (var (check, _) in operation.Checks)
        {
            if (!check.IsLive || check.IsDirty) continue;
            check.IsDirty = true;
            unit.DirtyChecks.Add(check);
        }
    }

    private void BackOff(Instant now)
    {
        var pause = TimeSpan.FromMilliseconds(250 << Math.Min(_failures, 10));
        _failures++;
        if (pause > _options.SyncRetryMax) pause = _options.SyncRetryMax;
        _retryAt = now + pause / 2 + _random.NextTimeSpan(pause / 2);
    }

    /// <summary>Whether trying again is useless until a token changes.</summary>
    private static bool IsRefusal(string error) =>
        error.Contains("Permission denied", StringComparison.Ordinal) || error.Contains("ACL not found", StringComparison.Ordinal);

    private void Log(SyncOperation operation, string? error, bool refused)
    {
        if (error is null) _effects.Add(new WriteLog(LogLevels.Info, operation.Done));
        else if (refused) _effects.Add(new WriteLog(LogLevels.Warn, "Catalog write was blocked by ACLs: error=" + error));
        else _effects.Add(new WriteLog(LogLevels.Error, "failed to sync changes: error=" + error));
    }

    private SyncUnit Unit(string serviceId)
    {
        if (!_units.TryGetValue(serviceId, out var unit)) _units[serviceId] = unit = new(serviceId);
        return unit;
    }

    private void Queue(SyncUnit unit)
    {
        if (unit.IsQueued || unit.IsInFlight) return;
        unit.IsQueued = true;
        _ready.Enqueue(unit);
    }

    private void Forget(SyncUnit unit)
    {
        if (!unit.IsQueued && unit.IsEmpty) _units.Remove(unit.ServiceId);
    }
}
