using Conclave.Core.Model;
using Conclave.Http.Requests;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>What the parameters of a request mean as arguments of a call.</summary>
internal static class RemoteArguments
{
    /// <summary>Datacenter, node metadata and the place that rows are sorted from.</summary>
    public static QueryArguments Of(ApiRequest request, NodeIdentity self)
    {
        string near = request.Text(Param.Near);
        return new QueryArguments
        {
            Datacenter = self.Datacenter,
            NodeMetaFilters = request.NodeMeta() is { } meta ? TextMap<string>.From(meta) : null,
            SourceNode = near == "_agent" ? self.NodeName : near,
            SourceIp = near == "_ip" ? request.RemoteAddress?.ToString() ?? "" : "",
        };
    }

    /// <summary>Those of a request about the service that its path names.</summary>
    public static QueryArguments OfService(ApiRequest request, NodeIdentity self, bool connect)
    {
        var tags = request.Values(Param.Tag);
        return Of(request, self) with { ServiceName = request.RestText, ServiceTags = tags, TagFilter = tags is not null, Connect = connect };
    }
}
