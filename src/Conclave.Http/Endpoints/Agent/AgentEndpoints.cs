using Conclave.Agent;
using Conclave.Http.Routing;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>Everything below <c>/v1/agent</c>.</summary>
/// <param name="agent">Services and checks.</param>
/// <param name="control">The agent itself.</param>
/// <param name="metrics">Numbers of the process.</param>
public sealed class AgentEndpoints(ILocalAgent agent, IAgentControl control, IAgentMetrics metrics) : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router)
    {
        MapServices(router);
        MapSelf(router);
        router.Add("/v1/agent/connect/authorize", HttpVerbs.Post, AgentConnectEndpoints.Authorize);
        router.Add("/v1/agent/connect/ca/roots", HttpVerbs.Get, AgentConnectEndpoints.Unavailable);
        router.Add("/v1/agent/connect/ca/leaf/", HttpVerbs.Get, AgentConnectEndpoints.Unavailable);
    }

    private void MapServices(Router router)
    {
        var services = new AgentServiceEndpoints(agent, control.Identity.Datacenter);
        router.Add("/v1/agent/services", HttpVerbs.Get, services.List);
        router.Add("/v1/agent/service/", HttpVerbs.Get, services.Get);
        router.Add("/v1/agent/service/register", HttpVerbs.Put, services.Register);
        router.Add("/v1/agent/service/deregister/", HttpVerbs.Put, services.Deregister);
        router.Add("/v1/agent/service/maintenance/", HttpVerbs.Put, services.Maintenance);

        var checks = new AgentCheckEndpoints(agent);
        router.Add("/v1/agent/checks", HttpVerbs.Get, checks.List);
        router.Add("/v1/agent/check/register", HttpVerbs.Put, checks.Register);
        router.Add("/v1/agent/check/deregister/", HttpVerbs.Put, checks.Deregister);
        router.Add("/v1/agent/check/pass/", HttpVerbs.Put, checks.Pass);
        router.Add("/v1/agent/check/warn/", HttpVerbs.Put, checks.Warn);
        router.Add("/v1/agent/check/fail/", HttpVerbs.Put, checks.Fail);
        router.Add("/v1/agent/check/update/", HttpVerbs.Put, checks.Update);

        var health = new AgentHealthEndpoints(agent, control.Identity.Datacenter);
        router.Add("/v1/agent/health/service/name/", HttpVerbs.Get, health.ByName);
        router.Add("/v1/agent/health/service/id/", HttpVerbs.Get, health.ById);
    }

    private void MapSelf(Router router)
    {
        var self = new AgentSelfEndpoints(agent, control);
        router.Add("/v1/agent/self", HttpVerbs.Get, self.Self);
        router.Add("/v1/agent/host", HttpVerbs.Get, self.Host);
        router.Add("/v1/agent/members", HttpVerbs.Get, self.Members);
        router.Add("/v1/agent/maintenance", HttpVerbs.Put, self.Maintenance);
        router.Add("/v1/agent/join/", HttpVerbs.Put, self.Join);
        router.Add("/v1/agent/leave", HttpVerbs.Put, self.Leave);
        router.Add("/v1/agent/force-leave/", HttpVerbs.Put, self.ForceLeave);
        router.Add("/v1/agent/reload", HttpVerbs.Put, self.Reload);
        router.Add("/v1/agent/token/", HttpVerbs.Put, AgentSelfEndpoints.Token);
        router.Add("/v1/agent/metrics", HttpVerbs.Get, new AgentMetricsEndpoint(metrics).Get);
        router.Add("/v1/agent/monitor", HttpVerbs.Get, new AgentMonitorEndpoint(control).Get);
    }
}
