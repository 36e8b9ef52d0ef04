using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Http.Tests.Agent;

/// <summary>The agent's core behind a lock, without a catalog, disk or running checks; its clock stands still.</summary>
internal sealed class CoreAgent : ILocalAgent
{
    private static readonly Instant Now = new(1_000_000_000);
    private readonly Lock _gate = new();
    private readonly AgentCore _core = new(new() { Identity = FixedControl.Who }, new Prng(1), Now);

    public int Watches { get; private set; }

    public ValueTask<AgentOutcome> RegisterServiceAsync(ServiceDefinition service, bool replaceExistingChecks, CancellationToken stop) =>
        Run(() => _core.RegisterService(service, replaceExistingChecks, fromConfig: false, Now));

    public ValueTask<AgentOutcome> DeregisterServiceAsync(string serviceId, CancellationToken stop) => Run(() => _core.DeregisterService(serviceId, Now));

    public ValueTask<AgentOutcome> RegisterCheckAsync(CheckDefinition check, CancellationToken stop) => Run(() => _core.RegisterCheck(check, fromConfig: false, Now));

    public ValueTask<AgentOutcome> DeregisterCheckAsync(string checkId, CancellationToken stop) => Run(() => _core.DeregisterCheck(checkId, Now));

    public AgentOutcome UpdateTtlCheck(string checkId, string status, string output)
    {
        lock (_gate) return _core.UpdateTtlCheck(checkId, status, output, Now);
    }

    public ValueTask<AgentOutcome> SetServiceMaintenanceAsync(string serviceId, bool enable, string reason, CancellationToken stop) =>
        Run(() => _core.SetServiceMaintenance(serviceId, enable, reason, Now));

    public ValueTask<AgentOutcome> SetNodeMaintenanceAsync(bool enable, string reason, CancellationToken stop) => Run(() => _core.SetNodeMaintenance(enable, reason, Now));

    public LocalServiceView? GetService(string serviceId)
    {
        lock (_gate) return _core.GetService(serviceId);
    }

    public void ListServices(List<LocalServiceView> into)
    {
        lock (_gate) _core.ListServices(into);
    }

    public void ListChecks(List<HealthCheck> into)
    {
        lock (_gate) _core.ListChecks(into);
    }

    public void ListServiceChecks(string serviceId, List<HealthCheck> into)
    {
        lock (_gate) _core.ListServiceChecks(serviceId, into);
    }

    public bool WatchService(string serviceId, string hash, IServiceWaiter waiter)
    {
        lock (_gate)
        {
            Watches++;
            return _core.Watch(serviceId, hash, waiter);
        }
    }

    public void UnwatchService(string serviceId, IServiceWaiter waiter)
    {
        lock (_gate)
        {
            Watches--;
            _core.Unwatch(serviceId, waiter);
        }
    }

    private ValueTask<AgentOutcome> Run(Func<AgentOutcome> action)
    {
        lock (_gate) return new(action());
    }
}
