using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Http.Json;
using Conclave.Http.Requests;
using Conclave.Node.Filters;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/check…</c>: the checks of this agent.</summary>
internal sealed class AgentCheckEndpoints(ILocalAgent agent)
{
    public ValueTask List(ApiRequest request)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        Filter<HealthCheck> filter;
        try
        {
            filter = FilterCompiler.Compile(request.Text(Param.Filter), FilterSchemas.HealthChecks);
        }
        catch (FilterException wrong)
        {
            return request.SendErrorAsync(wrong.Message);
        }
        var checks = new List<HealthCheck>();
        agent.ListChecks(checks);
        var json = request.StartJson();
        json.BeginObject();
        foreach (var check in checks)
        {
            if (!filter.Matches(check)) continue;
            json.Name(check.CheckId);
            AgentJson.Write(json, check);
        }
        json.EndObject();
        return request.SendJsonAsync();
    }

    public async ValueTask Register(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var definition = DecodeCheck(request, body);
        request.ReleaseBody();
        await request.SendAsync(agent.RegisterCheckAsync(definition, CancellationToken.None)).ConfigureAwait(false);
    }

    public ValueTask Deregister(ApiRequest request)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.SendAsync(agent.DeregisterCheckAsync(request.RestText, CancellationToken.None));
    }

    public ValueTask Pass(ApiRequest request) => Report(request, HealthStatus.Passing);

    public ValueTask Warn(ApiRequest request) => Report(request, HealthStatus.Warning);

    public ValueTask Fail(ApiRequest request) => Report(request, HealthStatus.Critical);

    public async ValueTask Update(ApiRequest request)
    {
        if (await BodyReading.ReadJsonAsync(request).ConfigureAwait(false) is not { } body) return;
        var (status, output) = DecodeUpdate(body);
        request.ReleaseBody();
        await request.SendAsync(agent.UpdateTtlCheck(request.RestText, status, output)).ConfigureAwait(false);
    }

    private ValueTask Report(ApiRequest request, string status)
    {
        if (!request.TryRefuseNamespace()) return request.SendRefusalAsync();
        return request.SendAsync(agent.UpdateTtlCheck(request.RestText, status, request.Text(Param.Note)));
    }

    private static CheckDefinition DecodeCheck(ApiRequest request, in RequestBody body)
    {
        var json = new JsonBody(body.Bytes);
        var definition = CheckJson.Read(ref json) ?? new CheckDefinition();
        return definition.Token.Length > 0 ? definition : definition with { Token = request.Token() };
    }

    private static (string Status, string Output) DecodeUpdate(in RequestBody body)
    {
        var json = new JsonBody(body.Bytes);
        string status = "", output = "";
        if (!json.EnterObject()) return (status, output);
        while (json.NextMember())
        {
            if (json.Is("Status"u8)) status = json.Text();
            else if (json.Is("Output"u8)) output = json.Text();
            else json.Skip();
        }
        return (status, output);
    }
}
