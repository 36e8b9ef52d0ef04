using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Remote;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Agent;

/// <summary>What the catalog says about one node, wherever the catalog is.</summary>
internal interface IAgentCatalog
{
    /// <summary>Reads a node's services and checks. The error is the text of why that did not work, or null.</summary>
    ValueTask<(NodeEntry? Node, string? Error)> ReadAsync(string node, bool mayBeStale, List<NodeService> services, List<HealthCheck> checks, CancellationToken stop);
}

/// <summary>The catalog in a state of the agent's own.</summary>
internal sealed class StateCatalog(INodeGateway gateway) : IAgentCatalog
{
    /// <inheritdoc/>
    public async ValueTask<(NodeEntry? Node, string? Error)> ReadAsync(string node, bool mayBeStale, List<NodeService> services, List<HealthCheck> checks, CancellationToken stop)
    {
        var grant = await gateway.ReadAsync(mayBeStale ? ReadMode.Stale : ReadMode.Default, stop).ConfigureAwait(false);
        if (grant.Root is not { } root) return (null, grant.Error ?? ErrorTexts.NoLeader);
        root.NodeServices(node, null, out var entry, services);
        root.NodeChecks(node, null, checks);
        return (entry, null);
    }
}

/// <summary>The catalog as servers tell it: the two reads that Consul's own agents make.</summary>
internal sealed class ServerCatalog(IServerCalls servers, string datacenter) : IAgentCatalog
{
    // What a server heard from its leader that long ago is new enough to compare with.
    private const long MaxStaleNanoseconds = 2_000_000_000;

    private static readonly byte[] s_services = "Catalog.NodeServiceList"u8.ToArray(), s_checks = "Health.NodeChecks"u8.ToArray();

    /// <inheritdoc/>
    public async ValueTask<(NodeEntry? Node, string? Error)> ReadAsync(string node, bool mayBeStale, List<NodeService> services, List<HealthCheck> checks, CancellationToken stop)
    {
        var arguments = new QueryArguments { Datacenter = datacenter, Node = node, Options = new() { AllowStale = true, MaxStaleNanoseconds = MaxStaleNanoseconds } };
        try
        {
            var (result, error) = await AskAsync(s_services, arguments, stop).ConfigureAwait(false);
            if (error is not null) return (null, error);
            CatalogRows.ReadNodeServices(result, out var entry, services);
            (result, error) = await AskAsync(s_checks, arguments, stop).ConfigureAwait(false);
            if (error is not null) return (null, error);
            RowResults.Read(result, "HealthChecks"u8, HealthCheckCodec.Read, checks);
            return (entry, null);
        }
        catch (MsgPackException malformed)
        {
            return (null, Forwarder.ErrorPrefix + malformed.Message);
        }
    }

    // A server that has not heard its leader for too long says how long: then the leader is asked.
    private async ValueTask<(ReadOnlyMemory<byte> Result, string? Error)> AskAsync(byte[] method, QueryArguments arguments, CancellationToken stop)
    {
        var reply = await servers.AskAsync(method, RemoteQuestion.Encode(arguments), isRepeatable: true, stop).ConfigureAwait(false);
        if (reply.Error is null && RowResults.ReadMeta(reply.Result.Span).LastContactNanoseconds > MaxStaleNanoseconds)
            reply = await servers.AskAsync(method, RemoteQuestion.Encode(arguments with { Options = default }), isRepeatable: true, stop).ConfigureAwait(false);
        return (reply.Result, reply.Error);
    }
}
