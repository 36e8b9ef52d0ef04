using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>How the servers are doing: only the leader knows, so other servers ask it and pass on what it says.</summary>
/// <param name="local">This node.</param>
/// <param name="pool">Calls to other servers.</param>
internal sealed class HealthMethods(INodeGateway local, RpcPool pool)
{
    // How long the leader may take; it has the answer at hand.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(7);

    private delegate void Form(ServerHealthResults results, ref MsgPackWriter writer);

    /// <summary>Adds them.</summary>
    public void AddTo(RpcMethods methods)
    {
        Add(methods, "Operator.ServerHealth", static (ServerHealthResults results, ref MsgPackWriter writer) => results.WriteHealth(ref writer));
        Add(methods, "Operator.AutopilotState", static (ServerHealthResults results, ref MsgPackWriter writer) => results.WriteState(ref writer));
    }

    private void Add(RpcMethods methods, string name, Form form)
    {
        byte[] method = Encoding.ASCII.GetBytes(name);
        methods.Add(name, (call, result) => AnswerAsync(method, form, call, result));
    }

    private async ValueTask<string?> AnswerAsync(byte[] method, Form form, RpcCall call, PooledBuffer result)
    {
        if (local.Identity.IsForeign(QueryArguments.Read(call.Argument.Span).Datacenter)) return RpcReads.NoPath;
        var status = local.Status;
        if (status.IsLeader)
        {
            var writer = new MsgPackWriter(result);
            form(Collect(status), ref writer);
            writer.Flush();
            return null;
        }
        if (!status.KnownLeader || call.IsForwarded) return ErrorTexts.NoLeader;
        using var patience = new CancellationTokenSource(AnswerTimeout);
        using var outcome = await pool.CallAsync(status.LeaderAddress, method, isForwarded: true, call.Argument, patience.Token).ConfigureAwait(false);
        if (outcome.End != RpcEnd.Result) return outcome.Text;
        outcome.Result.Span.CopyTo(result.GetSpan(outcome.Result.Length));
        result.Advance(outcome.Result.Length);
        return null;
    }

    private ServerHealthResults Collect(ClusterStatus status)
    {
        var rows = new List<ServerHealthRow>();
        var servers = local.Health;
        foreach (var server in servers) rows.Add(RowOf(server));
        return new ServerHealthResults(rows, ServerHealth.FailureTolerance(servers), status.LeaderId);
    }

    private ServerHealthRow RowOf(ServerHealth server)
    {
        NodeEntry? node = null;
        if (server.Member is { } member) local.Root.NodeGet(member.Name, null, out node);
        var progress = server.Progress ?? default;
        return new ServerHealthRow
        {
            Id = server.Id,
            Address = server.Address,
            Name = server.Member?.Name ?? "",
            Version = server.Member?.Version ?? "",
            IsLeader = server.IsLeader,
            IsVoter = server.IsVoter,
            IsHealthy = server.IsHealthy,
            LastIndex = progress.LastIndex,
            LastTerm = progress.LastTerm,
            LastContactNanoseconds = progress.LastContact.Ticks * 100,
            StableSince = MsgPackTime.From(server.SinceWall),
            Meta = node?.Meta,
            SerfStatus = server.Member?.Status switch { ServerMemberStatus.Alive => 1, ServerMemberStatus.Leaving => 2, ServerMemberStatus.Left => 3, ServerMemberStatus.Failed => 4, _ => 0 },
        };
    }
}
