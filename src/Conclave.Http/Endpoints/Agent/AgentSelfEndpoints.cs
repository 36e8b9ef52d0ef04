using Conclave.Agent;
using Conclave.Agent.Pools;
using Conclave.Core;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>The agent itself: who it is, whom it knows, and verbs that act on it.</summary>
internal sealed class AgentSelfEndpoints(ILocalAgent agent, IAgentControl control)
{
    public ValueTask Self(ApiRequest request)
    {
        var json = request.StartJson();
        json.BeginObject();
        json.Name("Config"u8);
        WriteConfig(json, control.Identity);
        json.Name("DebugConfig"u8);
        AgentJson.WriteMap(json, control.DebugConfig);
        json.Name("Coord"u8);
        ModelJson.Write(json, control.Pools.LanCoordinate);
        json.Name("Member"u8);
        var members = new List<AgentMember>();
        control.Pools.ListMembers(wan: false, members);
        AgentJson.Write(json, members.Find(member => member.Name == control.Identity.NodeName) ?? members[0]);
        json.Name("Stats"u8);
        json.BeginObject();
        foreach (var section in control.Stats())
        {
            json.Name(section.Name);
            AgentJson.WriteTexts(json, section.Values);
        }
        json.EndObject();
        json.Name("Meta"u8);
        AgentJson.WriteTexts(json, control.NodeMeta);
        json.EndObject();
        return request.SendJsonAsync();
    }

    public ValueTask Host(ApiRequest request)
    {
        AgentJson.WriteMap(request.StartJson(), control.HostFacts());
        return request.SendJsonAsync();
    }

    public ValueTask Members(ApiRequest request)
    {
        string segment = request.Text(Param.Segment);
        if (segment.Length > 0 && segment != "_all") return request.SendErrorAsync($"segment {GoQuote.Quote(segment)} not found");
        var members = new List<AgentMember>();
        control.Pools.ListMembers(request.IsSwitchedOn(Param.Wan), members);
        var json = request.StartJson();
        json.BeginArray();
        foreach (var member in members) AgentJson.Write(json, member);
        json.EndArray();
        return request.SendJsonAsync();
    }

    public ValueTask Maintenance(ApiRequest request)
    {
        if (!request.TryReadEnable(out bool enable, out string error)) return request.SendTextAsync(400, error);
        return request.SendAsync(agent.SetNodeMaintenanceAsync(enable, request.Text(Param.Reason), CancellationToken.None));
    }

    public ValueTask Join(ApiRequest request) =>
        request.SendAsync(control.Pools.JoinAsync(request.RestText, request.IsSwitchedOn(Param.Wan), CancellationToken.None));

    public ValueTask Leave(ApiRequest request) => request.SendAsync(control.LeaveAsync(CancellationToken.None));

    public ValueTask ForceLeave(ApiRequest request) =>
        request.SendAsync(control.Pools.ForceLeaveAsync(request.RestText, request.Has(Param.Prune), request.Has(Param.Wan), CancellationToken.None));

    public ValueTask Reload(ApiRequest request) => request.SendAsync(control.ReloadAsync(CancellationToken.None));

    /// <summary>Tokens belong to access control, which is off.</summary>
    public static ValueTask Token(ApiRequest request) => request.SendTextAsync(401, "ACL support disabled");

    private static void WriteConfig(JsonOut json, AgentIdentity identity)
    {
        json.BeginObject();
        AgentJson.Text(json, "Datacenter"u8, identity.Datacenter);
        AgentJson.Text(json, "PrimaryDatacenter"u8, identity.PrimaryDatacenter.Length > 0 ? identity.PrimaryDatacenter : identity.Datacenter);
        AgentJson.Text(json, "NodeName"u8, identity.NodeName);
        AgentJson.Text(json, "NodeID"u8, identity.NodeId);
        AgentJson.Text(json, "Revision"u8, identity.Revision);
        json.Name("Server"u8);
        json.Bool(identity.IsServer);
        AgentJson.Text(json, "Version"u8, identity.Version);
        json.EndObject();
    }
}
