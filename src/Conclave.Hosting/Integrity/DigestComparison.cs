using Conclave.Core.Codec;
using Conclave.Hosting.Calls;
using Conclave.Node;
using Conclave.Node.Integrity;
using Conclave.Rpc.Messages;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Integrity;

/// <summary>
/// The leader asks the other servers from time to time what their state's digest was and compares. Equal logs make equal states, so a difference means that memory, a disk or a program erred;
/// without this it would be served for good.
/// </summary>
internal sealed class DigestComparison : IAsyncDisposable
{
    /// <summary>How often the leader asks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);
    private static readonly byte[] s_method = DigestMessages.Method.ToArray();
    private static readonly byte[] s_argument = RpcEncoding.Bytes(static (ref MsgPackWriter writer) => DigestMessages.WriteArgument(ref writer));

    private readonly INodeGateway _node;
    private readonly Func<DigestTrail?> _digests;
    private readonly RpcPool _pool;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    public DigestComparison(INodeGateway node, Func<DigestTrail?> digests, RpcPool pool, TimeProvider time, ILogger log)
    {
        (_node, _digests, _pool, _time, _log) = (node, digests, pool, time, log);
        _run = RunAsync();
    }

    /// <summary>Differences found since the start.</summary>
    public int Differences { get; private set; }

    /// <summary>Answers the method.</summary>
    public static void AddTo(RpcMethods methods, Func<DigestTrail?> digests) => methods.Add("Conclave.Digests", (_, result) =>
    {
        var noted = new List<(ulong, ulong)>();
        digests()?.CopyTo(noted);
        var writer = new MsgPackWriter(result);
        DigestMessages.WriteResult(ref writer, noted);
        writer.Flush();
        return new((string?)null);
    });

    /// <summary>Asks every other server once. For the leader.</summary>
    public async Task CompareAsync(CancellationToken stop)
    {
        var status = _node.Status;
        if (!status.IsLeader || _digests() is not { } own) return;
        foreach (var server in status.Servers)
        {
            if (server.Id == _node.Identity.NodeId || await AskAsync(server.Address, stop).ConfigureAwait(false) is not { } theirs) continue;
            if (own.FirstDifference(theirs, out int compared) is { } index)
            {
                Differences++;
                IntegrityLog.StatesDiffer(_log, server.Name, server.Address, index);
            }
            else if (compared > 0) IntegrityLog.StatesAgree(_log, server.Name, compared);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
        _stop.Dispose();
    }

    // Null for servers that do not answer, or do not have the method.
    private async Task<List<(ulong Index, ulong Digest)>?> AskAsync(string address, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        end.CancelAfter(CallTimeout);
        using var outcome = await _pool.CallAsync(address, s_method, isForwarded: true, s_argument, end.Token).ConfigureAwait(false);
        if (outcome.End != RpcEnd.Result) return null;
        var digests = new List<(ulong Index, ulong Digest)>();
        try
        {
            DigestMessages.ReadResult(outcome.Result.Span, digests);
            return digests;
        }
        catch (MsgPackException)
        {
            return null;                                               // not a server of ours after all
        }
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false)) await CompareAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }
}
