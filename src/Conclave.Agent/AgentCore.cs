using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Agent.Local;
using Conclave.Agent.Sync;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Agent;

/// <summary>
/// The local agent without I/O, time or chance: services and checks of this node, their timing, and the catalog's convergence to them.
/// Inputs are its methods, outputs the <see cref="Effects"/>, which the owner takes and carries out in order after each input. Not thread-safe.
/// </summary>
public sealed class AgentCore
{
    private const string NodeMaintenanceId = "_node_maintenance";
    private const string ServiceMaintenancePrefix = "_service_maintenance:";

    private static readonly CheckDefinition Unset = new();

    private readonly AgentCoreOptions _options;
    private readonly LocalCatalog _catalog = new();
    private readonly AntiEntropy _sync;
    private readonly CheckRunner _runner;
    private readonly List<LocalCheck> _reap = [];

    /// <summary>An agent without services and checks.</summary>
    public AgentCore(AgentCoreOptions options, Prng random, Instant now)
    {
        _options = options;
        _sync = new(options, _catalog, random.Split("sync"), Effects, now);
        _runner = new(options, _catalog, _sync, random.Split("checks"), Effects);
    }

    /// <summary>What is to be done, in order. The owner empties the list.</summary>
    public List<AgentEffect> Effects { get; } = [];

    /// <summary>When <see cref="Tick"/> must be called next at the latest.</summary>
    public Instant NextWake => _runner.NextWake < _sync.NextWake ? _runner.NextWake : _sync.NextWake;

    /// <summary>Number of services, checks, TTL checks and checks that are run.</summary>
    public (int Services, int Checks, int Ttls, int Monitors) Counts => (_catalog.ServiceCount, _catalog.CheckCount, _runner.TtlCount, _runner.MonitorCount);

    /// <summary>Whether the catalog is known to say the same as the agent.</summary>
    public bool IsInSync => _sync.IsInSync;

    /// <summary>Whether the catalog is known to say the same as the agent about one service and its checks.</summary>
    public bool IsServiceInSync(string serviceId) => _sync.IsServiceInSync(serviceId);

    /// <summary>Metadata of the node as the catalog shows it.</summary>
    public IReadOnlyDictionary<string, string> NodeMeta => _sync.NodeMeta;

    /// <summary>Does what is due at <paramref name="now"/>. Called after every other input too: it starts the writes those caused.</summary>
    public void Tick(Instant now)
    {
        if (now >= _runner.NextWake)
        {
            _runner.Tick(now, _reap);
            Reap(now);
        }
        _sync.Tick(now);
    }

    /// <summary>Registers or replaces a service, its checks and its sidecar.</summary>
    public AgentOutcome RegisterService(ServiceDefinition service, bool replaceExistingChecks, bool fromConfig, Instant now)
    {
        if (ServiceRules.Validate(service) is { } wrong) return AgentOutcome.BadRequest(wrong);
        var origin = fromConfig ? Origin.Config : Origin.Remote;
        if (ScriptsRefused(service.Checks, origin) is { } refused) return AgentOutcome.Failed(refused);
        if (service.Sidecar is { } given && ScriptsRefused(given.Checks, origin) is { } sidecarRefused) return AgentOutcome.Failed(sidecarRefused);
        var nodeService = ServiceRules.ToNodeService(service, isSidecar: false);
        ServiceDefinition? sidecar = null;
        if (service.Sidecar is not null)
        {
            if (SidecarPort(nodeService, service.Sidecar) is not { } port)
                return AgentOutcome.BadRequest($"Invalid SidecarService: failed to auto-assign: no free port in [{_options.SidecarPortMin}, {_options.SidecarPortMax}]");
            sidecar = ServiceRules.Sidecar(nodeService, service.Token, service.Sidecar, port);
        }
        AddService(nodeService, service, replaceExistingChecks, origin, now);
        if (sidecar is not null) AddService(ServiceRules.ToNodeService(sidecar, isSidecar: true), sidecar, replaceExistingChecks, origin, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Removes a service with its checks and its sidecar; an unknown id is fine.</summary>
    public AgentOutcome DeregisterService(string serviceId, Instant now)
    {
        if (serviceId.Length == 0) return AgentOutcome.Failed("ServiceID missing");
        if (_catalog.Service(serviceId) is { } service) RemoveService(service, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Registers or replaces a check of the node or of a service.</summary>
    public AgentOutcome RegisterCheck(CheckDefinition check, bool fromConfig, Instant now)
    {
        if (check.Name.Length == 0) return AgentOutcome.BadRequest("Missing check name");
        if (check.Status.Length > 0 && !CheckRules.IsStatus(check.Status)) return AgentOutcome.BadRequest("Bad check status");
        if (CheckRules.Validate(check) is { } wrong) return AgentOutcome.BadRequest("Invalid check: " + wrong);
        var origin = fromConfig ? Origin.Config : Origin.Remote;
        var service = check.ServiceId.Length > 0 ? _catalog.Service(check.ServiceId) : null;
        if (check.ServiceId.Length > 0 && service is null) return AgentOutcome.Failed($"ServiceID \"{check.ServiceId}\" does not exist");
        if (ScriptsRefused([check], origin) is { } refused) return AgentOutcome.Failed(refused);
        var shape = Shape(check, check.Id.Length > 0 ? check.Id : check.Name, check.Name, service) with
        {
            Interval = GoDuration.From(check.Interval).ToString(),
            Timeout = GoDuration.From(check.Timeout).ToString(),
        };
        AddCheck(shape, check, origin, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Removes a check; an unknown id is fine.</summary>
    public AgentOutcome DeregisterCheck(string checkId, Instant now)
    {
        if (checkId.Length == 0) return AgentOutcome.Failed("CheckID missing");
        if (_catalog.Check(checkId) is { } check) RemoveCheck(check, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Reports the state of a TTL check.</summary>
    public AgentOutcome UpdateTtlCheck(string checkId, string status, string output, Instant now)
    {
        if (!CheckRules.IsStatus(status)) return AgentOutcome.BadRequest($"Invalid check status: '{status}'");
        if (_catalog.Check(checkId) is not { IsTtl: true } check) return AgentOutcome.Failed($"CheckID \"{checkId}\" does not have associated TTL");
        _runner.Report(check, status, output, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Puts a service into or out of maintenance. Being there already is fine: the first reason stays.</summary>
    public AgentOutcome SetServiceMaintenance(string serviceId, bool enable, string reason, Instant now)
    {
        if (serviceId.Length == 0) return AgentOutcome.BadRequest("Missing service ID");
        if (_catalog.Service(serviceId) is not { } service) return AgentOutcome.NotFound($"No service registered with ID \"{serviceId}\"");
        string text = reason.Length > 0 ? reason : "Maintenance mode is enabled for this service, but no reason was provided. This is a default message.";
        SetMaintenance(ServiceMaintenancePrefix + serviceId, "Service Maintenance Mode", service, enable, text, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Puts the node into or out of maintenance. Being there already is fine: the first reason stays.</summary>
    public AgentOutcome SetNodeMaintenance(bool enable, string reason, Instant now)
    {
        string text = reason.Length > 0 ? reason : "Maintenance mode is enabled for this node, but no reason was provided. This is a default message.";
        SetMaintenance(NodeMaintenanceId, "Node Maintenance Mode", null, enable, text, now);
        return AgentOutcome.Ok;
    }

    /// <summary>Makes services and checks of configuration files be exactly these. Returns what is wrong with some of them; those are left out.</summary>
    public IReadOnlyList<string> Configure(IReadOnlyList<ServiceDefinition> services, IReadOnlyList<CheckDefinition> checks, Instant now)
    {
        var errors = new List<string>();
        foreach (var old in ConfiguredChecks()) RemoveCheckUnlessKept(old, services, checks, now);
        foreach (var old in ConfiguredServices())
            if (!Names(services, old)) RemoveService(old, now);
        foreach (var service in services)
            if (RegisterService(service, replaceExistingChecks: true, fromConfig: true, now) is { IsOk: false } wrong)
                errors.Add($"Failed to register service \"{service.Name}\": {wrong.Text}");
        foreach (var check in checks)
            if (RegisterCheck(check, fromConfig: true, now) is { IsOk: false } wrong)
                errors.Add($"Failed to register check \"{check.Name}\": {wrong.Text}");
        return errors;
    }

    /// <summary>What is wrong with services and checks of configuration files; empty when <see cref="Configure"/> would take all of them.</summary>
    public IReadOnlyList<string> Problems(IReadOnlyList<ServiceDefinition> services, IReadOnlyList<CheckDefinition> checks)
    {
        var problems = new List<string>();
        foreach (var service in services)
        {
            string? wrong = ServiceRules.Validate(service) ?? ScriptsRefused(service.Checks, Origin.Config) ?? (service.Sidecar is { } sidecar ? ScriptsRefused(sidecar.Checks, Origin.Config) : null);
            if (wrong is not null) problems.Add($"Failed to register service \"{service.Name}\": {wrong}");
        }
        foreach (var check in checks)
            if ((CheckProblem(check, services) ?? ScriptsRefused([check], Origin.Config)) is { } wrong) problems.Add($"Failed to register check \"{check.Name}\": {wrong}");
        return problems;
    }

    /// <summary>The node's metadata and whether the output of checks is kept are this from now on.</summary>
    public void Reconfigure(IReadOnlyDictionary<string, string> nodeMeta, bool discardCheckOutput)
    {
        _sync.SetNodeMeta(nodeMeta);
        _runner.DiscardsOutput = discardCheckOutput;
    }

    /// <summary>Takes back a service that was kept. False when the configuration names it: the kept one is to be forgotten.</summary>
    public bool RestoreService(NodeService service, string token)
    {
        if (_catalog.Service(service.Id) is { Origin: Origin.Config }) return false;
        _catalog.PutService(service, token, Origin.Restored);
        _sync.ServiceChanged(service.Id);
        return true;
    }

    /// <summary>
    /// Takes back a check that was kept; a TTL check with a state that is still good gets it, all others start critical. False when the configuration
    /// names it, its service is gone or it may not run: the kept one is to be forgotten.
    /// </summary>
    public bool RestoreCheck(HealthCheck shape, CheckDefinition? definition, string? ttlStatus, string ttlOutput, Instant now)
    {
        if (_catalog.Check(shape.CheckId) is { Origin: Origin.Config }) return false;
        if (shape.ServiceId.Length > 0 && _catalog.Service(shape.ServiceId) is null) return false;
        if (definition is not null && (CheckRules.Validate(definition) is not null || ScriptsRefused([definition], Origin.Remote) is not null)) return false;
        var check = AddCheck(shape with { Node = _options.Identity.NodeName, Status = HealthStatus.Critical, Output = "" }, definition, Origin.Restored, now);
        if (check.IsTtl && ttlStatus is not null && CheckRules.IsStatus(ttlStatus)) _runner.Restore(check, ttlStatus, ttlOutput, now);
        return true;
    }

    /// <summary>A run of a check ended.</summary>
    public void OnProbeDone(long runId, ProbeResult result, Instant now) => _runner.OnProbeDone(runId, result, now);

    /// <summary>A write to the catalog was answered; <paramref name="error"/> is null when it was done.</summary>
    public void OnSyncDone(SyncOperation operation, string? error, Instant now) => _sync.OnDone(operation, error, now);

    /// <summary>What the catalog holds for this node; <paramref name="node"/> is null when it holds nothing.</summary>
    public void OnCatalogRead(NodeEntry? node, IReadOnlyList<NodeService> services, IReadOnlyList<HealthCheck> checks, Instant now) =>
        _sync.OnRead(node, services, checks, now);

    /// <summary>The catalog could not be read.</summary>
    public void OnCatalogReadFailed(Instant now) => _sync.OnReadFailed(now);

    /// <summary>Compares with the catalog as soon as possible.</summary>
    public void RequestFullSync(Instant now, TimeSpan within = default) => _sync.RequestFullSync(now, within);

    /// <summary>How many agents the datacenter has, this one among them.</summary>
    public int ClusterSize
    {
        get => _sync.ClusterSize;
        set => _sync.ClusterSize = value;
    }

    /// <summary>One service, or null.</summary>
    public LocalServiceView? GetService(string serviceId) => _catalog.Service(serviceId)?.View;

    /// <summary>Appends all services, in no order.</summary>
    public void ListServices(List<LocalServiceView> into)
    {
        foreach (var service in _catalog.Services) into.Add(service.View);
    }

    /// <summary>Appends all checks, in no order.</summary>
    public void ListChecks(List<HealthCheck> into)
    {
        foreach (var check in _catalog.Checks) into.Add(check.View);
    }

    /// <summary>Appends the checks of a service and those of the node.</summary>
    public void ListServiceChecks(string serviceId, List<HealthCheck> into)
    {
        if (_catalog.Service(serviceId) is { } service)
            foreach (var check in service.Checks) into.Add(check.View);
        foreach (var check in _catalog.NodeChecks) into.Add(check.View);
    }

    /// <summary>See <see cref="ILocalAgent.WatchService"/>.</summary>
    public bool Watch(string serviceId, string hash, IServiceWaiter waiter) => _catalog.Watch(serviceId, hash, waiter);

    /// <summary>See <see cref="ILocalAgent.UnwatchService"/>.</summary>
    public void Unwatch(string serviceId, IServiceWaiter waiter) => _catalog.Unwatch(serviceId, waiter);

    /// <summary>States of all TTL checks that are worth keeping over a restart.</summary>
    public void ListTtlStates(List<SaveCheckState> into, Instant now)
    {
        foreach (var check in _catalog.Checks)
            if (check is { IsTtl: true, Origin: not Origin.Config } && check.TtlDeadline > now)
                into.Add(new(check.Id, check.Status, check.Output, check.TtlDeadline - now));
    }

    private void AddService(NodeService service, ServiceDefinition definition, bool replaceChecks, Origin origin, Instant now)
    {
        var before = _catalog.Service(service.Id);
        var added = _catalog.PutService(service, definition.Token, origin);
        _sync.ServiceChanged(service.Id);
        if (_options.Persist && origin == Origin.Remote) Effects.Add(new SaveService(service, definition.Token));
        else if (_options.Persist && before is { Origin: not Origin.Config }) Effects.Add(new ForgetService(service.Id));
        var ids = new List<string>(definition.Checks.Count);
        for (int i = 0; i < definition.Checks.Count; i++) ids.Add(ServiceCheckId(definition.Checks[i], service.Id, i, definition.Checks.Count));
        if (replaceChecks)
            foreach (var old in added.Checks.ToArray())
                if (!ids.Contains(old.Id)) RemoveCheck(old, now);
        for (int i = 0; i < ids.Count; i++) AddServiceCheck(definition.Checks[i], ids[i], added, origin, now);
        if (before is null) _runner.SourceChanged(service.Id, now);
    }

    private void AddServiceCheck(CheckDefinition check, string id, LocalService service, Origin origin, Instant now)
    {
        string name = check.Name.Length > 0 ? check.Name : $"Service '{service.Service.Service}' check";
        AddCheck(Shape(check, id, name, service), check with { Token = check.Token.Length > 0 ? check.Token : service.Token }, origin, now);
    }

    private static string ServiceCheckId(CheckDefinition check, string serviceId, int index, int count)
    {
        if (check.Id.Length > 0) return check.Id;
        return count == 1 ? "service:" + serviceId : $"service:{serviceId}:{index + 1}";
    }

    private HealthCheck Shape(CheckDefinition check, string id, string name, LocalService? service) => new()
    {
        Node = _options.Identity.NodeName,
        CheckId = id,
        Name = name,
        Status = check.Status.Length > 0 ? check.Status : HealthStatus.Critical,
        Notes = check.Notes,
        ServiceId = service?.Id ?? "",
        ServiceName = service?.Service.Service ?? "",
        ServiceTags = service?.Service.Tags ?? [],
        Type = CheckRules.TypeName(check),
    };

    /// <summary>Adds or replaces a check. A replaced check hands its status and output on, so that registering again does not make a service flap.</summary>
    private LocalCheck AddCheck(HealthCheck shape, CheckDefinition? definition, Origin origin, Instant now)
    {
        var old = _catalog.Check(shape.CheckId);
        if (old is not null) Detach(old, now);
        if (old is not null && old.ServiceId != shape.ServiceId) _sync.CheckRemoved(old.ServiceId, old.Id);
        var check = new LocalCheck(old is null ? shape : shape with { Status = old.Status }, definition, origin)
        {
            OutputMax = OutputMax(definition),
            ReapAfter = shape.ServiceId.Length > 0 ? ReapAfter(definition) : TimeSpan.Zero,
        };
        if (old is not null)
        {
            check.Set(old.Status, old.Output);
            check.CriticalSince = old.CriticalSince;
        }
        _catalog.AddCheck(check);
        _runner.Start(check, now);
        _sync.CheckChanged(check);
        if (_options.Persist && origin == Origin.Remote) Effects.Add(new SaveCheck(check.Shape, definition, definition?.Token ?? ""));
        else if (_options.Persist && old is { Origin: not Origin.Config } && origin == Origin.Config) Effects.Add(new ForgetCheck(check.Id));
        return check;
    }

    private int OutputMax(CheckDefinition? definition) =>
        definition is { OutputMaxSize: > 0 } ? Math.Min(definition.OutputMaxSize, _options.CheckOutputMaxSize) : _options.CheckOutputMaxSize;

    private static TimeSpan ReapAfter(CheckDefinition? definition)
    {
        if (definition is not { DeregisterCriticalServiceAfter.Ticks: > 0 }) return TimeSpan.Zero;
        var after = definition.DeregisterCriticalServiceAfter;
        return after < CheckRules.DeregisterAfterMin ? CheckRules.DeregisterAfterMin : after;
    }

    private void RemoveService(LocalService service, Instant now)
    {
        foreach (var check in service.Checks.ToArray()) RemoveCheck(check, now);
        _catalog.RemoveService(service);
        _sync.ServiceRemoved(service.Id);
        if (_options.Persist && service.Origin != Origin.Config) Effects.Add(new ForgetService(service.Id));
        Effects.Add(new WriteLog(LogLevels.Debug, "removed service: service=" + service.Id));
        _runner.SourceChanged(service.Id, now);
        if (_catalog.Service(ServiceRules.SidecarId(service.Id)) is { Service.LocallyRegisteredAsSidecar: true } sidecar) RemoveService(sidecar, now);
    }

    private void RemoveCheck(LocalCheck check, Instant now)
    {
        Detach(check, now);
        _sync.CheckRemoved(check.ServiceId, check.Id);
        if (_options.Persist && check.Origin != Origin.Config) Effects.Add(new ForgetCheck(check.Id));
    }

    private void Detach(LocalCheck check, Instant now)
    {
        _catalog.RemoveCheck(check);
        _runner.Stop(check, now);
    }

    private void SetMaintenance(string checkId, string name, LocalService? service, bool enable, string reason, Instant now)
    {
        var check = _catalog.Check(checkId);
        if (!enable)
        {
            if (check is not null) RemoveCheck(check, now);
            return;
        }
        if (check is not null) return;
        var shape = Shape(Unset, checkId, name, service) with { Notes = reason, Type = HealthStatus.Maintenance };
        AddCheck(shape, null, Origin.Remote, now);
        Effects.Add(new WriteLog(LogLevels.Info, service is null ? "Node entered maintenance mode" : "Service entered maintenance mode: service=" + service.Id));
    }

    private void Reap(Instant now)
    {
        foreach (var check in _reap)
        {
            if (!check.IsLive || _catalog.Service(check.ServiceId) is not { } service) continue;
            RemoveService(service, now);
            Effects.Add(new WriteLog(LogLevels.Info, $"Check for service has been critical for too long; deregistered service: check={check.Id} service={service.Id}"));
        }
        _reap.Clear();
    }

    private string? CheckProblem(CheckDefinition check, IReadOnlyList<ServiceDefinition> services)
    {
        if (check.Name.Length == 0) return "Missing check name";
        if (check.Status.Length > 0 && !CheckRules.IsStatus(check.Status)) return "Bad check status";
        if (CheckRules.Validate(check) is { } wrong) return "Invalid check: " + wrong;
        if (check.ServiceId.Length == 0 || _catalog.Service(check.ServiceId) is { Origin: not Origin.Config }) return null;
        foreach (var service in services)
            if ((service.Id.Length > 0 ? service.Id : service.Name) == check.ServiceId) return null;
        return $"ServiceID \"{check.ServiceId}\" does not exist";
    }

    private string? ScriptsRefused(IReadOnlyList<CheckDefinition> checks, Origin origin)
    {
        foreach (var check in checks)
        {
            if (!CheckRules.IsScript(check)) continue;
            if (origin == Origin.Config && !_options.EnableLocalScriptChecks && !_options.EnableScriptChecks)
                return "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true";
            if (origin != Origin.Config && !_options.EnableScriptChecks)
                return "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
        }
        return null;
    }

    private int? SidecarPort(NodeService parent, ServiceDefinition sidecar)
    {
        if (sidecar.Port > 0) return sidecar.Port;
        if (_catalog.Service(ServiceRules.SidecarId(parent.Id)) is { Service.LocallyRegisteredAsSidecar: true } existing) return existing.Service.Port;
        var used = new HashSet<int>();
        foreach (var service in _catalog.Services) used.Add(service.Service.Port);
        for (int port = _options.SidecarPortMin; port <= _options.SidecarPortMax; port++)
            if (!used.Contains(port)) return port;
        return null;
    }

    private LocalCheck[] ConfiguredChecks() => [.. _catalog.Checks.Where(check => check.Origin == Origin.Config)];

    private LocalService[] ConfiguredServices() => [.. _catalog.Services.Where(service => service.Origin == Origin.Config)];

    private static bool Names(IReadOnlyList<ServiceDefinition> services, LocalService old)
    {
        foreach (var service in services)
        {
            string id = service.Id.Length > 0 ? service.Id : service.Name;
            if (id == old.Id || (service.Sidecar is not null && ServiceRules.SidecarId(id) == old.Id)) return true;
        }
        return false;
    }

    /// <summary>Checks of services are replaced with their service; here only those that were configured on their own.</summary>
    private void RemoveCheckUnlessKept(LocalCheck old, IReadOnlyList<ServiceDefinition> services, IReadOnlyList<CheckDefinition> checks, Instant now)
    {
        foreach (var check in checks)
            if ((check.Id.Length > 0 ? check.Id : check.Name) == old.Id) return;
        if (old.ServiceId.Length > 0 && _catalog.Service(old.ServiceId) is { } service && Names(services, service)) return;
        RemoveCheck(old, now);
    }
}
