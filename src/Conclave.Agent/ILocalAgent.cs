using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent;

/// <summary>A service instance of this agent at one moment.</summary>
/// <param name="Service">The instance; indexes are 0, the catalog decides those.</param>
/// <param name="ContentHash">Hash of the content in lower-case hex: changes when, and only when, the content does.</param>
public sealed record LocalServiceView(NodeService Service, string ContentHash);

/// <summary>Told once that the content of a watched service changed.</summary>
public interface IServiceWaiter
{
    /// <summary>Called under the agent's lock: must only schedule work. At most once per watch.</summary>
    void OnServiceChanged();
}

/// <summary>
/// Services and checks of this agent, the authority for what its node runs. Thread-safe. A call returns when the change is in effect here and,
/// with a data folder, on disk; the catalog follows on its own.
/// </summary>
public interface ILocalAgent
{
    /// <summary>Registers or replaces a service with its checks. Checks of an earlier registration that are not named again stay, unless <paramref name="replaceExistingChecks"/>.</summary>
    ValueTask<AgentOutcome> RegisterServiceAsync(ServiceDefinition service, bool replaceExistingChecks, CancellationToken stop);

    /// <summary>Removes a service and its checks; an unknown id is fine.</summary>
    ValueTask<AgentOutcome> DeregisterServiceAsync(string serviceId, CancellationToken stop);

    /// <summary>Registers or replaces a check, of the node or of the service it names.</summary>
    ValueTask<AgentOutcome> RegisterCheckAsync(CheckDefinition check, CancellationToken stop);

    /// <summary>Removes a check; an unknown id is fine.</summary>
    ValueTask<AgentOutcome> DeregisterCheckAsync(string checkId, CancellationToken stop);

    /// <summary>Reports the state of a TTL check and starts its time anew. Cheap: never waits for disk or catalog.</summary>
    /// <param name="checkId">Which check.</param>
    /// <param name="status">passing, warning or critical.</param>
    /// <param name="output">Text for people; cut at the check's limit.</param>
    AgentOutcome UpdateTtlCheck(string checkId, string status, string output);

    /// <summary>Puts a service into or out of maintenance; <paramref name="reason"/> empty for the default text.</summary>
    ValueTask<AgentOutcome> SetServiceMaintenanceAsync(string serviceId, bool enable, string reason, CancellationToken stop);

    /// <summary>Puts the node into or out of maintenance; <paramref name="reason"/> empty for the default text.</summary>
    ValueTask<AgentOutcome> SetNodeMaintenanceAsync(bool enable, string reason, CancellationToken stop);

    /// <summary>One service, or null.</summary>
    LocalServiceView? GetService(string serviceId);

    /// <summary>Appends all services, ordered by id.</summary>
    void ListServices(List<LocalServiceView> into);

    /// <summary>Appends all checks, ordered by id.</summary>
    void ListChecks(List<HealthCheck> into);

    /// <summary>Appends the checks of a service and those of the node.</summary>
    void ListServiceChecks(string serviceId, List<HealthCheck> into);

    /// <summary>
    /// Registers <paramref name="waiter"/> to be told when the service's content hash is no longer <paramref name="hash"/> (or the service is gone).
    /// False when that is so already: nothing was registered.
    /// </summary>
    bool WatchService(string serviceId, string hash, IServiceWaiter waiter);

    /// <summary>Takes a watch back; a call that is under way may still arrive.</summary>
    void UnwatchService(string serviceId, IServiceWaiter waiter);
}
