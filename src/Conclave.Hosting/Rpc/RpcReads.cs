using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Node;
using Conclave.Node.Filters;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>Answers reads: freshness, waiting for a change, and what stands beside the answer.</summary>
/// <param name="gateway">This node or the leader, wherever that is.</param>
/// <param name="time">Clocks and timers.</param>
internal sealed class RpcReads(INodeGateway gateway, TimeProvider time)
{
    /// <summary>Text for a datacenter that nobody knows.</summary>
    public const string NoPath = "No path to datacenter";

    private static readonly TimeSpan WaitDefault = TimeSpan.FromSeconds(300), WaitMax = TimeSpan.FromSeconds(600);

    // Clients allow for their wait and a sixteenth of it.
    private const int JitterFraction = 16;

    /// <summary>The node.</summary>
    public INodeGateway Gateway => gateway;

    /// <summary>The reads that wait.</summary>
    public RpcWaits Waits { get; } = new(gateway);

    /// <summary>Answers one call. <paramref name="compose"/> gives a query of its own each time, or the text of an error.</summary>
    public async ValueTask<string?> AnswerAsync(string method, RpcCall call, PooledBuffer result, Func<QueryArguments, (RpcQuery? Query, string? Error)> compose)
    {
        var arguments = QueryArguments.Read(call.Argument.Span);
        if (IsForeign(arguments.Datacenter)) return NoPath;
        RpcQuery? query;
        try
        {
            (query, string? error) = compose(arguments);
            if (query is null) return error ?? "nothing to ask";
        }
        catch (FilterException refused)
        {
            return refused.Message;
        }

        var grant = await gateway.ReadAsync(ModeOf(arguments.Options), CancellationToken.None).ConfigureAwait(false);
        if (grant.Root is not { } root) return grant.Error ?? ErrorTexts.NoLeader;
        if (arguments.Options.MinQueryIndex > 0)
        {
            if (await WaitAsync(method, arguments, query, call.Departure).ConfigureAwait(false) is { } shared)
            {
                shared.CopyTo(result);
                return null;
            }
            // Nothing has changed in time, or it had already. The query may be one that others wait with now: never touch it here.
            query = compose(arguments).Query!;
            Write(query, result, Waits.MetaOf(query.Run(gateway.Root, null)));   // the leader may have gone meanwhile
            return null;
        }
        ulong index = query.Run(root, null);
        Write(query, result, new QueryMeta(index, grant.KnownLeader, grant.LastContactMilliseconds * 1_000_000));
        return null;
    }

    /// <summary>How fresh an answer is asked for.</summary>
    public static ReadMode ModeOf(in QueryOptions options) => options.RequireConsistent ? ReadMode.Consistent : options.AllowStale ? ReadMode.Stale : ReadMode.Default;

    /// <summary>Whether a datacenter is not this one.</summary>
    public bool IsForeign(string datacenter) => gateway.Identity.IsForeign(datacenter);

    // Until the index passes the one given, the time is over or nobody waits any more. Null: the answer is what is found now.
    private async ValueTask<SharedResult?> WaitAsync(string method, QueryArguments arguments, RpcQuery query, CancellationToken departure)
    {
        if (Waits.Join(method, arguments, query) is not { } waiter) return null;
        using var patience = new CancellationTokenSource(WaitOf(arguments.Options.MaxQueryTimeNanoseconds), time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(departure, patience.Token);
        try
        {
            return await waiter.Answer.WaitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            waiter.Leave();
            return null;
        }
    }

    private static TimeSpan WaitOf(long nanoseconds)
    {
        var asked = nanoseconds <= 0 ? WaitDefault : TimeSpan.FromTicks(Math.Min(nanoseconds / 100, WaitMax.Ticks));
        return asked + TimeSpan.FromTicks(Random.Shared.NextInt64(asked.Ticks / JitterFraction + 1));
    }

    private static void Write(RpcQuery query, PooledBuffer result, QueryMeta meta)
    {
        var writer = new MsgPackWriter(result);
        query.Write(ref writer, meta);
        writer.Flush();
    }
}
