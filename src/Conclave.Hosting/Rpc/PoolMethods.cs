using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>Methods that the gossip pools answer.</summary>
/// <param name="reads">Answers reads.</param>
/// <param name="pools">The pools, or null before they are open.</param>
internal sealed class PoolMethods(RpcReads reads, Func<IAgentPools?> pools)
{
    /// <summary>Adds them.</summary>
    public void AddTo(RpcMethods methods)
    {
        methods.Add("Internal.EventFire", FireAsync);
        methods.Add("Coordinate.ListDatacenters", ListDatacenters);
    }

    private async ValueTask<string?> FireAsync(RpcCall call, PooledBuffer result)
    {
        var (datacenter, payload) = EventArguments.Read(call.Argument);
        if (reads.IsForeign(datacenter)) return RpcReads.NoPath;
        if (pools() is not { } open) return ErrorTexts.NoLeader;
        ConsulEvent fired;
        try
        {
            fired = ConsulEvent.Decode(payload.Span);
        }
        catch (Exception malformed) when (malformed is GossipFormatException or MsgPackException)
        {
            return "Invalid event payload: " + malformed.Message;
        }
        var outcome = await open.FireAsync(new UserEvent
        {
            Id = fired.Id,
            Name = fired.Name,
            Payload = fired.Payload.IsEmpty ? null : fired.Payload.ToArray(),
            NodeFilter = fired.NodeFilter,
            ServiceFilter = fired.ServiceFilter,
            TagFilter = fired.TagFilter,
            Version = fired.Version,
        }, CancellationToken.None).ConfigureAwait(false);
        if (!outcome.IsOk) return outcome.Text;
        var writer = new MsgPackWriter(result);
        RowResults.WriteMeta(ref writer, new QueryMeta(1, reads.Gateway.Status.KnownLeader, 0));
        writer.Flush();
        return null;
    }

    private ValueTask<string?> ListDatacenters(RpcCall call, PooledBuffer result)
    {
        var datacenters = new List<DatacenterCoordinates>();
        pools()?.ListWanCoordinates(datacenters);
        var writer = new MsgPackWriter(result);
        CoordinateResults.WriteDatacenters(ref writer, datacenters.ConvertAll(static dc => (dc.Datacenter, dc.Servers)));
        writer.Flush();
        return new((string?)null);
    }
}
