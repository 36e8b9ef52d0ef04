using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Node;
using Conclave.Node.Forwarding;

namespace Conclave.Hosting.Calls;

/// <summary>One way to serve a request: here, or at another server.</summary>
/// <typeparam name="T">What it gives.</typeparam>
internal interface ILeaderRequest<T>
{
    /// <summary>The method to call at the other server.</summary>
    ReadOnlyMemory<byte> Method { get; }

    /// <summary>Carrying it out twice does no harm.</summary>
    bool IsRepeatable { get; }

    /// <summary>Serves it here. An error is in the attempt, not thrown.</summary>
    ValueTask<Attempt<T>> ServeAsync(CancellationToken stop);

    /// <summary>The encoded argument for the other server.</summary>
    ReadOnlyMemory<byte> Argument();

    /// <summary>Reads the other server's result, which lies in memory that is lent for the call.</summary>
    T Read(ReadOnlyMemory<byte> result);
}

/// <summary>What an attempt gave: a value, or the refusal's text.</summary>
/// <param name="Value">Counts when there is no error.</param>
/// <param name="Error">The text, or null.</param>
internal readonly record struct Attempt<T>(T Value, string? Error);

/// <summary>Carries out what <see cref="Forwarder"/> decides: serves requests here or at the leader, and waits in between.</summary>
internal sealed class LeaderCalls
{
    private readonly INodeGateway _local;
    private readonly RpcPool _pool;
    private readonly ForwardLimits _limits;
    private readonly SystemClock _clock;
    private readonly TimeProvider _time;
    private readonly Pulse _statusChanged;
    private readonly Draining _draining;
    private readonly CancellationToken _ending;                // it stops, or takes no more requests
    private ulong _acknowledged;

    public LeaderCalls(INodeGateway local, Pulse statusChanged, RpcPool pool, ForwardLimits limits, TimeProvider time, Draining draining, CancellationToken ending)
    {
        (_local, _statusChanged, _pool, _limits, _time, _draining, _ending) = (local, statusChanged, pool, limits, time, draining, ending);
        _clock = new SystemClock(time);
    }

    /// <summary>How far the leader had applied the log when it last answered: all that was acknowledged here lies at or below.</summary>
    public ulong Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>This server stops, or takes no more requests.</summary>
    public CancellationToken Ending => _ending;

    /// <summary>Serves a request; the error's text is complete. Cancelling ends the waiting: what has left may be carried out all the same.</summary>
    public async ValueTask<Attempt<T>> RunAsync<T>(ILeaderRequest<T> request, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, _ending);
        try
        {
            return await RunUntilAsync(request, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            return new Attempt<T>(default!, _draining.IsOn ? ErrorTexts.NoLeader : ErrorTexts.ShuttingDown);
        }
    }

    private async ValueTask<Attempt<T>> RunUntilAsync<T>(ILeaderRequest<T> request, CancellationToken stop)
    {
        var forwarder = new Forwarder(_limits, request.IsRepeatable, _clock.Now, new Prng((ulong)Random.Shared.NextInt64()));
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var changed = _statusChanged.Next;
            var decision = forwarder.Next(_local.Status, _clock.Now);
            switch (decision.Step)
            {
                case ForwardStep.Serve:
                    var served = await request.ServeAsync(stop).ConfigureAwait(false);
                    if (served.Error is null) return served;
                    decision = forwarder.OnEnded(ForwardEnd.Refused, served.Error, _clock.Now);
                    break;
                case ForwardStep.Send:
                    using (var outcome = await SendAsync(forwarder, decision.Address, request.Method, request.Argument(), stop).ConfigureAwait(false))
                    {
                        if (outcome.End == RpcEnd.Result)
                        {
                            Note(outcome.Applied);
                            return Read(request, outcome.Result);
                        }
                        decision = forwarder.OnEnded(CallTurns.EndOf(outcome.End), outcome.Text, _clock.Now);
                    }
                    break;
                case ForwardStep.Wait:
                    await CallTurns.WaitAsync(changed, decision.Until, _clock, _time, stop).ConfigureAwait(false);
                    break;
            }
            if (decision.Step == ForwardStep.Fail) return new Attempt<T>(default!, decision.Error);
        }
    }

    private void Note(ulong applied)
    {
        ulong known = Acknowledged;
        while (applied > known)
        {
            ulong seen = Interlocked.CompareExchange(ref _acknowledged, applied, known);
            if (seen == known) return;
            known = seen;
        }
    }

    // It was carried out, so it must not be tried again whatever the result looks like.
    private static Attempt<T> Read<T>(ILeaderRequest<T> request, ReadOnlyMemory<byte> result)
    {
        try
        {
            return new Attempt<T>(request.Read(result), null);
        }
        catch (MsgPackException malformed)
        {
            return new Attempt<T>(default!, Forwarder.ErrorPrefix + malformed.Message);
        }
    }

    private ValueTask<RpcOutcome> SendAsync(Forwarder forwarder, string address, ReadOnlyMemory<byte> method, ReadOnlyMemory<byte> argument, CancellationToken stop) => CallTurns.SendAsync(
        giveUp => _pool.CallAsync(address, method, isForwarded: true, argument, giveUp), () => _statusChanged.Next, () => forwarder.GiveUpAt(_local.Status, _clock.Now), _clock, _time, stop);
}
