using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Requests;
using Conclave.Node.Filters;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/service…</c>: the services of this agent.</summary>
internal sealed class AgentServiceEndpoints(ILocalAgent agent, string datacenter)
{
    private readonly FilterSchema<NodeService> _schema = FilterSchemas.AgentServices(datacenter);

    public ValueTask List(ApiRequest request)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        Filter<NodeService> filter;
        try
        {
            filter = FilterCompiler.Compile(request.Text(Param.Filter), _schema);
        }
        catch (FilterException wrong)
        {
            return request.SendErrorAsync(wrong.Message);
        }
        var services = new List<LocalServiceView>();
        agent.ListServices(services);
        var json = request.StartJson();
        json.BeginObject();
        foreach (var view in services)
        {
            if (!filter.Matches(view.Service)) continue;
            json.Name(view.Service.Id);
            AgentJson.Write(json, view.Service, contentHash: null, datacenter);
        }
        json.EndObject();
        return request.SendJsonAsync();
    }

    public ValueTask Get(ApiRequest request)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        string id = request.RestText;
        if (!request.TryDuration(Param.Wait, out var wait)) return request.SendTextAsync(400, "Invalid wait time");
        string hash = request.Text(Param.Hash);
        if (hash.Length == 0 || agent.GetService(id)?.ContentHash != hash) return SendService(request, id);
        var watch = new HashWatch(request.Server.Waits.Start(request, wait));
        if (!agent.WatchService(id, hash, watch)) watch.Waiter.Wake();
        return WaitAsync(request, id, watch);
    }

    public async ValueTask Register(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var definition = Decode(request, body);
        request.ReleaseBody();
        var outcome = agent.RegisterServiceAsync(definition, request.IsSwitchedOn(Param.ReplaceExistingChecks), CancellationToken.None);
        await request.SendAsync(outcome).ConfigureAwait(false);
    }

    public ValueTask Deregister(ApiRequest request)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.SendAsync(agent.DeregisterServiceAsync(request.RestText, CancellationToken.None));
    }

    public ValueTask Maintenance(ApiRequest request)
    {
        string id = request.RestText;
        if (id.Length == 0) return request.SendTextAsync(400, "Missing service ID");
        if (!request.TryReadEnable(out bool enable, out string error)) return request.SendTextAsync(400, error);
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.SendAsync(agent.SetServiceMaintenanceAsync(id, enable, request.Text(Param.Reason), CancellationToken.None));
    }

    private static ServiceDefinition Decode(ApiRequest request, in RequestBody body)
    {
        var json = new JsonBody(body.Bytes);
        var definition = ServiceJson.Read(ref json) ?? new ServiceDefinition();
        return definition.Token.Length > 0 ? definition : definition with { Token = request.Token() };
    }

    private ValueTask SendService(ApiRequest request, string id)
    {
        if (agent.GetService(id) is not { } view) return request.SendTextAsync(404, "unknown service ID: " + id);
        request.ResponseHeaders["X-Consul-ContentHash"] = view.ContentHash;
        AgentJson.Write(request.StartJson(), view.Service, view.ContentHash, datacenter);
        return request.SendJsonAsync();
    }

    /// <summary>Waits for another hash or the end of the wait; the answer is the service as it is then.</summary>
    private async ValueTask WaitAsync(ApiRequest request, string id, HashWatch watch)
    {
        var end = await watch.Waiter.WaitAsync().ConfigureAwait(false);
        agent.UnwatchService(id, watch);
        if (end is WaitEnd.ClientGone or WaitEnd.Stopping) request.Abort();
        else await SendService(request, id).ConfigureAwait(false);
    }

    private sealed class HashWatch(Waiter waiter) : IServiceWaiter
    {
        public Waiter Waiter => waiter;

        public void OnServiceChanged() => waiter.Wake();
    }
}
