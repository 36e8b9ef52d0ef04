using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Copies the health of a service or node elsewhere from the catalog.</summary>
internal static class AliasProbe
{
    public static async Task<ProbeResult> RunAsync(CheckDefinition check, IAgentCatalog catalog, CancellationToken stop)
    {
        var services = new List<NodeService>();
        var checks = new List<HealthCheck>();
        var (_, error) = await catalog.ReadAsync(check.AliasNode, mayBeStale: true, services, checks, stop).ConfigureAwait(false);
        if (error is not null) return new(HealthStatus.Critical, $"Failure checking {check.AliasNode}: {error}");
        if (check.AliasService.Length > 0 && !services.Exists(service => service.Id == check.AliasService))
            return new(HealthStatus.Critical, $"Service {check.AliasService} could not be found on node {check.AliasNode}");
        return Worst(checks, check.AliasService);
    }

    private static ProbeResult Worst(List<HealthCheck> checks, string serviceId)
    {
        var worst = new ProbeResult(HealthStatus.Passing, "No checks found.");
        foreach (var check in checks)
        {
            if (check.ServiceId.Length > 0 && check.ServiceId != serviceId) continue;
            if (check.Status is HealthStatus.Critical or HealthStatus.Warning)
            {
                worst = new(check.Status, $"Aliased check \"{check.Name}\" failing: {check.Output}");
                if (check.Status == HealthStatus.Critical) return worst;
            }
            else if (worst.Status == HealthStatus.Passing) worst = new(HealthStatus.Passing, "All checks passing.");
        }
        return worst;
    }
}
