using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent.Tests;

/// <summary>An agent without services.</summary>
internal sealed class NoServices : ILocalAgent
{
    public ValueTask<AgentOutcome> RegisterServiceAsync(ServiceDefinition service, bool replaceExistingChecks, CancellationToken stop) => throw new NotSupportedException();
    public ValueTask<AgentOutcome> DeregisterServiceAsync(string serviceId, CancellationToken stop) => throw new NotSupportedException();
    public ValueTask<AgentOutcome> RegisterCheckAsync(CheckDefinition check, CancellationToken stop) => throw new NotSupportedException();
    public ValueTask<AgentOutcome> DeregisterCheckAsync(string checkId, CancellationToken stop) => throw new NotSupportedException();
    public AgentOutcome UpdateTtlCheck(string checkId, string status, string output) => throw new NotSupportedException();
    public ValueTask<AgentOutcome> SetServiceMaintenanceAsync(string serviceId, bool enable, string reason, CancellationToken stop) => throw new NotSupportedException();
    public ValueTask<AgentOutcome> SetNodeMaintenanceAsync(bool enable, string reason, CancellationToken stop) => throw new NotSupportedException();
    public LocalServiceView? GetService(string serviceId) => null;
    public void ListServices(List<LocalServiceView> into)
    {
    }

    public void ListChecks(List<HealthCheck> into)
    {
    }

    public void ListServiceChecks(string serviceId, List<HealthCheck> into)
    {
    }

    public bool WatchService(string serviceId, string hash, IServiceWaiter waiter) => false;
    public void UnwatchService(string serviceId, IServiceWaiter waiter)
    {
    }
}
