using Conclave.Core;
using Conclave.Hosting.Calls;
using Conclave.Http.Remote;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Client;

/// <summary>Carries out what <see cref="RosterForwarder"/> decides: calls servers, and waits in between.</summary>
internal sealed class ServerCaller(ServerDirectory directory, RpcPool pool, ForwardLimits limits, string datacenter, TimeProvider time, ILogger log, CancellationToken stopping) : IServerCalls
{
    private readonly SystemClock _clock = new(time);
    private long _made, _exceeded, _failed;

    /// <summary>Calls to servers so far, each attempt for itself.</summary>
    public long Made => Interlocked.Read(ref _made);

    /// <summary>Calls that were not made because there were too many.</summary>
    public long Exceeded => Interlocked.Read(ref _exceeded);

    /// <summary>Calls that did not end in an answer.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>How many calls may be made.</summary>
    public CallRate Rate { get; } = new(time);

    /// <inheritdoc/>
    public async ValueTask<ServerReply> AskAsync(ReadOnlyMemory<byte> method, ReadOnlyMemory<byte> argument, bool isRepeatable, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, stopping);
        try
        {
            return await AskUntilAsync(method, argument, isRepeatable, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return new ServerReply(default, "agent is stopping");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ArchiveDownload> SaveSnapshotAsync(bool allowStale, CancellationToken stop)
    {
        var servers = directory.Servers;
        if (servers.Count == 0) return new ArchiveDownload(null, default, RosterForwarder.NoServers);
        if (!TryBegin()) return new ArchiveDownload(null, default, ErrorTexts.RateExceeded);
        return await SnapshotCalls.SaveAsync(servers[0], datacenter, allowStale, stop).ConfigureAwait(false);
    }

    // Not tried again: a state that was replaced twice would be one too many for those who wrote in between.
    /// <inheritdoc/>
    public async ValueTask<string> RestoreSnapshotAsync(ReadOnlyMemory<byte> archive, CancellationToken stop)
    {
        var servers = directory.Servers;
        if (servers.Count == 0) return RosterForwarder.NoServers;
        if (!TryBegin()) return ErrorTexts.RateExceeded;
        return await SnapshotCalls.RestoreAsync(servers[0], datacenter, archive, isForwarded: false, stop).ConfigureAwait(false);
    }

    private async ValueTask<ServerReply> AskUntilAsync(ReadOnlyMemory<byte> method, ReadOnlyMemory<byte> argument, bool isRepeatable, CancellationToken stop)
    {
        var forwarder = new RosterForwarder(limits, isRepeatable, _clock.Now, new Prng((ulong)Random.Shared.NextInt64()));
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var changed = directory.NextChange;
            var decision = directory.With(roster => forwarder.Next(roster, _clock.Now));
            switch (decision.Step)
            {
                case ForwardStep.Send:
                    if (!TryBegin()) return new ServerReply(default, ErrorTexts.RateExceeded);
                    using (var outcome = await SendAsync(forwarder, decision.Address, method, argument, stop).ConfigureAwait(false))
                    {
                        if (outcome.End == RpcEnd.Result) return new ServerReply(outcome.Result.ToArray(), null);
                        stop.ThrowIfCancellationRequested();           // given up from here, which says nothing about the server
                        decision = forwarder.OnEnded(CallTurns.EndOf(outcome.End), outcome.Text, _clock.Now);
                        Interlocked.Increment(ref _failed);
                        if (outcome.End != RpcEnd.Error)
                        {
                            directory.OnFailed(forwarder.SentTo);
                            ClientLog.CallFailed(log, System.Text.Encoding.ASCII.GetString(method.Span), forwarder.SentTo, outcome.Text);
                        }
                    }
                    break;
                case ForwardStep.Wait:
                    await CallTurns.WaitAsync(changed, decision.Until, _clock, time, stop).ConfigureAwait(false);
                    break;
            }
            if (decision.Step == ForwardStep.Fail) return new ServerReply(default, decision.Error);
        }
    }

    private bool TryBegin()
    {
        bool mayCall = Rate.TryTake();
        Interlocked.Increment(ref mayCall ? ref _made : ref _exceeded);
        return mayCall;
    }

    private ValueTask<RpcOutcome> SendAsync(RosterForwarder forwarder, string address, ReadOnlyMemory<byte> method, ReadOnlyMemory<byte> argument, CancellationToken stop) => CallTurns.SendAsync(
        giveUp => pool.CallAsync(address, method, isForwarded: false, argument, giveUp), () => directory.NextChange, () => directory.With(roster => forwarder.GiveUpAt(roster, _clock.Now)), _clock, time, stop);
}
