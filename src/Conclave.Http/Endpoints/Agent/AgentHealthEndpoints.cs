using System.Text;
using Conclave.Agent;
using Conclave.Core.Model;
using Conclave.Http.Json;
using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/health/service</c>: the health of local services as a status code, for load balancers.</summary>
internal sealed class AgentHealthEndpoints(ILocalAgent agent, string datacenter)
{
    private const string ServiceMaintenancePrefix = "_service_maintenance:";
    private const string NodeMaintenance = "_node_maintenance";

    public ValueTask ById(ApiRequest request)
    {
        string id = request.RestText;
        if (id.Length == 0) return request.SendErrorAsync("Bad request: Missing serviceID");
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        bool text = WantsText(request);
        if (agent.GetService(id) is not { } view) return SendUnknown(request, id, text);
        var checks = new List<HealthCheck>();
        agent.ListServiceChecks(id, checks);
        string status = Aggregate(checks);
        if (text) return SendText(request, Code(status), status);
        Write(request.StartJson(), view, checks, status);
        return request.SendJsonAsync(Code(status));
    }

    public ValueTask ByName(ApiRequest request)
    {
        string name = request.RestText;
        if (name.Length == 0) return request.SendErrorAsync("Bad request: Missing service Name");
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        var services = new List<LocalServiceView>();
        agent.ListServices(services);
        int code = 404;
        string worst = $"ServiceName {name} Not Found";
        var json = request.StartJson();
        var checks = new List<HealthCheck>();
        json.BeginArray();
        foreach (var view in services)
        {
            if (view.Service.Service != name) continue;
            checks.Clear();
            agent.ListServiceChecks(view.Service.Id, checks);
            string status = Aggregate(checks);
            if (code == 404 || Code(status) > code) (code, worst) = (Code(status), status);
            Write(json, view, checks, status);
        }
        json.EndArray();
        return WantsText(request) ? SendText(request, code, worst) : request.SendJsonAsync(code);
    }

    private static ValueTask SendUnknown(ApiRequest request, string id, bool text)
    {
        var json = request.StartJson();
        if (text) json.String($"ServiceId {id} not found");
        else
        {
            json.BeginObject();
            AgentJson.Text(json, "AggregatedStatus"u8, HealthStatus.Critical);
            json.Name("Service"u8);
            json.Null();
            json.Name("Checks"u8);
            json.Null();
            json.EndObject();
        }
        return request.SendJsonAsync(404);
    }

    private void Write(JsonOut json, LocalServiceView view, List<HealthCheck> checks, string status)
    {
        json.BeginObject();
        AgentJson.Text(json, "AggregatedStatus"u8, status);
        json.Name("Service"u8);
        AgentJson.Write(json, view.Service, contentHash: null, datacenter);
        json.Name("Checks"u8);
        json.BeginArray();
        foreach (var check in checks) AgentJson.WriteForHealth(json, check);
        json.EndArray();
        json.EndObject();
    }

    /// <summary>The worst of all: maintenance, critical, warning, passing.</summary>
    private static string Aggregate(List<HealthCheck> checks)
    {
        string worst = HealthStatus.Passing;
        foreach (var check in checks)
        {
            if (check.CheckId == NodeMaintenance || check.CheckId.StartsWith(ServiceMaintenancePrefix, StringComparison.Ordinal)) return HealthStatus.Maintenance;
            if (check.Status == HealthStatus.Critical) worst = HealthStatus.Critical;
            else if (check.Status == HealthStatus.Warning && worst == HealthStatus.Passing) worst = HealthStatus.Warning;
        }
        return worst;
    }

    private static int Code(string status) => status switch { HealthStatus.Passing => 200, HealthStatus.Warning => 429, _ => 503 };

    private static bool WantsText(ApiRequest request) =>
        request.RequestHeaders.Accept.ToString().StartsWith("text/plain", StringComparison.Ordinal) || request.Bytes(Param.Format).SequenceEqual("text"u8);

    private static ValueTask SendText(ApiRequest request, int code, string text) => request.SendAsync(code, "text/plain", Encoding.UTF8.GetBytes(text));
}
