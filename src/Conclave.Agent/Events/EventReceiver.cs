namespace Conclave.Agent.Events;

/// <summary>Where user events arrive at an agent: keeps those that are for it. Thread-safe.</summary>
/// <param name="nodeName">Name of the agent's node.</param>
/// <param name="agent">Its services.</param>
/// <param name="log">Where they are kept.</param>
public sealed class EventReceiver(string nodeName, ILocalAgent agent, EventLog log)
{
    /// <summary>Takes an event with its Lamport time. An event with a pattern that cannot be read is for nobody.</summary>
    public void Deliver(UserEvent arrived)
    {
        if (EventFilter.Refusal(arrived) is not null) return;
        var services = new List<LocalServiceView>();
        if (arrived.ServiceFilter.Length > 0) agent.ListServices(services);
        if (EventFilter.Concerns(arrived, nodeName, services)) log.Add(arrived);
    }
}
