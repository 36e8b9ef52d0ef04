using System.Text;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>Asks the pool's policy who may come in. Without one nothing is decoded; of members that are known nothing is asked again until they change.</summary>
internal sealed class Admission(SerfContext context)
{
    private readonly IMembershipPolicy? _policy = context.Config.Policy;

    public string? Refuse(string name, GossipEndpoint endpoint, ReadOnlySpan<byte> meta, ReadOnlySpan<byte> versions)
    {
        if (_policy is null || IsKnown(name, endpoint, meta)) return null;
        return _policy.Refuse(MemberOf(name, endpoint, meta.ToArray(), versions.ToArray(), MemberStatus.None));
    }

    /// <summary>The other side's members one by one and together; ourselves among them like everybody else.</summary>
    public string? RefuseMerge(in PushPull state)
    {
        if (_policy is null) return null;
        var others = new List<GossipMember>();
        foreach (var node in state.Nodes)
        {
            if (!NodeName.IsAcceptable(node.Name) || node.Meta.Length > GossipLimits.MetaBytesMax) continue;
            SerfAddress.TryRead(node.Addr.Span, node.Port, out var endpoint);
            var status = node.Status == NodeStatus.Left ? MemberStatus.Left : MemberStatus.None;
            others.Add(MemberOf(Encoding.UTF8.GetString(node.Name), endpoint, node.Meta.Span.ToArray(), node.Vsn.Span.ToArray(), status));
        }
        return _policy.RefuseMerge(others);
    }

    private bool IsKnown(string name, GossipEndpoint endpoint, ReadOnlySpan<byte> meta) =>
        context.Swim.Find(name) is { IsThere: true } node && node.Endpoint == endpoint && node.Meta.Span.SequenceEqual(meta);

    private static GossipMember MemberOf(string name, GossipEndpoint endpoint, byte[] meta, byte[] versions, MemberStatus status) => new()
    {
        Name = name,
        Endpoint = endpoint,
        Tags = new MemberTags(meta),
        Status = status,
        Versions = versions,
    };
}
