using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Endpoints.Txn;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>Reads of keys and sessions, of the cluster's status, and the answers of features that this server does not have.</summary>
internal sealed class StateMethods(RpcReads reads)
{
    private const string ConnectOff = "Connect must be enabled in order to use this endpoint";
    private const string NoQuery = "Query not found";
    private const string NoQueries = "Prepared queries are not supported by this server";
    private const string NoConfigEntries = "Config entries are not supported by this server";

    private static readonly byte[] s_entries = "Entries"u8.ToArray(), s_keys = "Keys"u8.ToArray(), s_queries = "Queries"u8.ToArray();

    private INodeGateway Gateway => reads.Gateway;

    /// <summary>Adds them.</summary>
    public void AddTo(RpcMethods methods)
    {
        AddReads(methods);
        AddStatus(methods);
        AddRefusals(methods);
    }

    private void AddReads(RpcMethods methods)
    {
        Add(methods, "KVS.Get", static arguments => (new RowsQuery<KvEntry>(s_entries, (root, watches, into) =>
        {
            ulong index = root.KvGet(arguments.Key, watches, out var entry);
            if (entry is not null) into.Add(entry);
            return index;
        }, KvEntryCodec.Write), null));
        Add(methods, "KVS.List", static arguments => (new RowsQuery<KvEntry>(s_entries, (root, watches, into) => root.KvList(arguments.Key, watches, into), KvEntryCodec.Write), null));
        Add(methods, "KVS.ListKeys", static arguments => (new RowsQuery<ReadOnlyMemory<byte>>(s_keys, (root, watches, into) => root.KvKeys(arguments.Key, arguments.Separator, watches, into),
            static (ref MsgPackWriter writer, ReadOnlyMemory<byte> key) => writer.Write(key.Span)), null));
        Add(methods, "Session.Get", static arguments => (Sessions((root, watches, into) =>
        {
            ulong index = root.SessionGet(arguments.SessionId, watches, out var session);
            if (session is not null) into.Add(session);
            return index;
        }), null));
        Add(methods, "Session.List", static _ => (Sessions(static (root, watches, into) => root.SessionList(watches, into)), null));
        Add(methods, "Session.NodeSessions", static arguments => arguments.Node.Length == 0 ? (null, "Must provide node") : (Sessions((root, watches, into) => root.NodeSessions(arguments.Node, watches, into)), null));
        methods.Add("Txn.Read", ReadTxnAsync);
    }

    private void AddStatus(RpcMethods methods)
    {
        methods.Add("Status.Ping", static (_, result) => Give(result, static (ref MsgPackWriter writer) => writer.WriteMapHeader(0)));
        methods.Add("Status.Leader", (call, result) => GiveHere(call, result, (ref MsgPackWriter writer) => writer.Write(Gateway.Status.LeaderAddress)));
        methods.Add("Status.Peers", (call, result) => GiveHere(call, result, (ref MsgPackWriter writer) => writer.Write(Gateway.Status.PeerAddresses)));
        methods.Add("Catalog.ListDatacenters", (_, result) => Give(result, (ref MsgPackWriter writer) => writer.Write([Gateway.Identity.Datacenter])));
        methods.Add("Operator.RaftGetConfiguration", RaftConfigurationAsync);
        methods.Add("Operator.AutopilotGetConfiguration", AutopilotConfigurationAsync);
        Add(methods, "PreparedQuery.List", static _ => (new RowsQuery<Session>(s_queries, static (_, _, _) => 1, SessionCodec.Write), null));
        Add(methods, "ConfigEntry.Get", static _ => (new FormQuery<string>(static (_, _) => (1, ""), static (ref MsgPackWriter writer, string _, QueryMeta meta) => ConfigEntryResults.WriteMissing(ref writer, meta)), null));
        Add(methods, "ConfigEntry.List", static arguments => (new FormQuery<string>((_, _) => (1, arguments.Kind), static (ref MsgPackWriter writer, string kind, QueryMeta meta) => ConfigEntryResults.WriteNone(ref writer, kind, meta)), null));
        Add(methods, "ConfigEntry.ResolveServiceConfig", static _ => (new FormQuery<string>(static (_, _) => (1, ""), static (ref MsgPackWriter writer, string _, QueryMeta meta) => ConfigEntryResults.WriteDefaults(ref writer, meta)), null));
    }

    private static void AddRefusals(RpcMethods methods)
    {
        methods.Refuse("ACL support disabled", "ACL",
            "Authorize", "BootstrapTokens", "GetPolicy", "Login", "Logout", "ReplicationStatus",
            "AuthMethodDelete", "AuthMethodList", "AuthMethodRead", "AuthMethodSet", "BindingRuleDelete", "BindingRuleList", "BindingRuleRead", "BindingRuleSet",
            "PolicyBatchRead", "PolicyDelete", "PolicyList", "PolicyRead", "PolicyResolve", "PolicySet",
            "RoleBatchRead", "RoleDelete", "RoleList", "RoleRead", "RoleResolve", "RoleSet",
            "TokenBatchRead", "TokenClone", "TokenDelete", "TokenList", "TokenRead", "TokenSet");
        methods.Refuse(ConnectOff, "ConnectCA", "ConfigurationGet", "ConfigurationSet", "Roots", "Sign", "SignIntermediate");
        methods.Refuse(ConnectOff, "Intention", "Apply", "Check", "Get", "List", "Match");
        methods.Refuse(ConnectOff, "DiscoveryChain", "Get");
        methods.Refuse(ConnectOff, "AutoEncrypt", "Sign");
        methods.Refuse("AutoConfig is disabled", "AutoConfig", "InitialConfiguration");
        methods.Refuse(NoQueries, "PreparedQuery", "Apply");
        methods.Refuse(NoQuery, "PreparedQuery", "Execute", "Explain", "Get");
        methods.Refuse(NoConfigEntries, "ConfigEntry", "Apply");
        // Deleting what is not there is fine.
        methods.Add("ConfigEntry.Delete", static (_, result) => Give(result, static (ref MsgPackWriter writer) => writer.WriteMapHeader(0)));
    }

    private void Add(RpcMethods methods, string name, Func<QueryArguments, (RpcQuery?, string?)> compose) =>
        methods.Add(name, (call, result) => reads.AnswerAsync(name, call, result, compose));

    private static FormQuery<List<Session>> Sessions(RowReader<Session> read) => new((root, watches) =>
    {
        var sessions = new List<Session>();
        return (read(root, watches, sessions), sessions);
    }, SessionResults.Write);

    private async ValueTask<string?> ReadTxnAsync(RpcCall call, PooledBuffer result)
    {
        var arguments = QueryArguments.Read(call.Argument.Span);
        if (reads.IsForeign(arguments.Datacenter)) return RpcReads.NoPath;
        // The operations outlive the wait below, and their values are slices of what they are read from.
        var operations = CommandCodec.DecodeTxn(call.Argument).Ops;
        var grant = await Gateway.ReadAsync(RpcReads.ModeOf(arguments.Options), CancellationToken.None).ConfigureAwait(false);
        if (grant.Root is not { } root) return grant.Error ?? ErrorTexts.NoLeader;
        var outcome = TxnRead.Run(root, operations);
        var writer = new MsgPackWriter(result);
        CommandResults.Write(ref writer, outcome, new QueryMeta(1, grant.KnownLeader, grant.LastContactMilliseconds * 1_000_000));
        writer.Flush();
        return null;
    }

    private async ValueTask<string?> RaftConfigurationAsync(RpcCall call, PooledBuffer result)
    {
        var arguments = QueryArguments.Read(call.Argument.Span);
        if (reads.IsForeign(arguments.Datacenter)) return RpcReads.NoPath;
        // What the leader has committed, waiting for one as any read does.
        if (!arguments.Options.AllowStale)
        {
            var grant = await Gateway.ReadAsync(ReadMode.Default, CancellationToken.None).ConfigureAwait(false);
            if (grant.Root is null) return grant.Error ?? ErrorTexts.NoLeader;
        }
        var status = Gateway.Status;
        if (!status.KnownLeader && !arguments.Options.AllowStale) return ErrorTexts.NoLeader;
        var rows = new List<RaftServerRow>(status.Servers.Count);
        foreach (var server in status.Servers) rows.Add(new RaftServerRow(server.Id, server.Name, server.Address, server.IsLeader, server.IsVoter));
        return await Give(result, (ref MsgPackWriter writer) => OperatorResults.WriteConfiguration(ref writer, rows, status.ConfigurationIndex)).ConfigureAwait(false);
    }

    private async ValueTask<string?> AutopilotConfigurationAsync(RpcCall call, PooledBuffer result)
    {
        var arguments = QueryArguments.Read(call.Argument.Span);
        if (reads.IsForeign(arguments.Datacenter)) return RpcReads.NoPath;
        var grant = await Gateway.ReadAsync(RpcReads.ModeOf(arguments.Options), CancellationToken.None).ConfigureAwait(false);
        if (grant.Root is not { } root) return grant.Error ?? ErrorTexts.NoLeader;
        root.Autopilot(null, out var config);
        return config is null ? "autopilot config not initialized yet" : await Give(result, (ref MsgPackWriter writer) => AutopilotConfigCodec.Write(ref writer, config)).ConfigureAwait(false);
    }

    // For this datacenter only.
    private ValueTask<string?> GiveHere(RpcCall call, PooledBuffer result, RpcEncoding.Body body) =>
        reads.IsForeign(QueryArguments.Read(call.Argument.Span).Datacenter) ? new(RpcReads.NoPath) : Give(result, body);

    private static ValueTask<string?> Give(PooledBuffer result, RpcEncoding.Body body)
    {
        var writer = new MsgPackWriter(result);
        body(ref writer);
        writer.Flush();
        return new((string?)null);
    }
}
