using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Http.Json;
using Conclave.Http.Requests;
using Conclave.Node.Filters;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/service…</c>: the services of this agent.</summary>
internal sealed class AgentServiceEndpoints(ILocalAgent agent, string datacenter)
{
    private const string BodyLimit = "http_config";
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
        if (hash.Length == 0) return SendService(request, id);
        var waiter = new HashWaiter();
        return agent.WatchService(id, hash, waiter) ? WaitAsync(request, id, wait, waiter) : SendService(request, id);
    }

    public async ValueTask Register(ApiRequest request)
    {
        long bytesMax = request.Server.Options.JsonBytesMax;
        var body = await request.ReadBodyAsync(bytesMax).ConfigureAwait(false);
        if (body.TooLarge)
        {
            await request.SendTooLargeAsync(body, bytesMax, BodyLimit).ConfigureAwait(false);
            return;
        }
        var definition = Decode(request, body);
        request.ReleaseBody();
        if (!request.TryRefuseNamespace())
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return;
        }
        var outcome = agent.RegisterServiceAsync(definition, request.IsSwitchedOn(Param.ReplaceExistingChecks), request.Server.Stopping);
        await request.SendAsync(outcome).ConfigureAwait(false);
    }

    public ValueTask Deregister(ApiRequest request)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.SendAsync(agent.DeregisterServiceAsync(request.RestText, request.Server.Stopping));
    }

    public ValueTask Maintenance(ApiRequest request)
    {
        string id = request.RestText;
        if (id.Length == 0) return request.SendTextAsync(400, "Missing service ID");
        if (!request.TryReadEnable(out bool enable, out string error)) return request.SendTextAsync(400, error);
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.SendAsync(agent.SetServiceMaintenanceAsync(id, enable, request.Text(Param.Reason), request.Server.Stopping));
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

    /// <summary>Waits for another hash, for the end of the wait or for the server's stop; whatever came, the answer is the service as it is then.</summary>
    private async ValueTask WaitAsync(ApiRequest request, string id, TimeSpan wait, HashWaiter waiter)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, request.Server.Stopping);
        try
        {
            await waiter.Changed.WaitAsync(Limit(request, wait), end.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await SendService(request, id).ConfigureAwait(false);
            return;
        }
        catch (OperationCanceledException) when (request.Server.Stopping.IsCancellationRequested)
        {
            await SendService(request, id).ConfigureAwait(false);
            return;
        }
        finally
        {
            agent.UnwatchService(id, waiter);
        }
        await SendService(request, id).ConfigureAwait(false);
    }

    /// <summary>The wait within its bounds plus up to a sixteenth, so that clients that came together do not come back together.</summary>
    private static TimeSpan Limit(ApiRequest request, TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero) wait = request.Server.Options.DefaultQueryTime;
        if (wait > request.Server.Options.MaxQueryTime) wait = request.Server.Options.MaxQueryTime;
        return wait + wait / 16 * Random.Shared.NextDouble();
    }

    private sealed class HashWaiter : IServiceWaiter
    {
        private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Changed => _changed.Task;

        public void OnServiceChanged() => _changed.TrySetResult();
    }
}
