using System.Runtime.InteropServices;
using Conclave.Cli.Commands.Agents;

namespace Conclave.Cli.Tests.Process;

public sealed class AgentSignalsTests
{
    [Fact]
    public async Task A_signal_that_comes_while_nobody_waits_for_it_is_not_lost()
    {
        using var stop = new CancellationTokenSource();
        using var signals = new AgentSignals(stop.Token);
        var whileStarting = signals.NextAsync();
        await stop.CancelAsync();
        await whileStarting;                                           // the start has ended first, and nobody has looked

        Assert.Equal(PosixSignal.SIGINT, await signals.NextAsync().WaitAsync(TestContext.Current.CancellationToken));
        Assert.Equal(PosixSignal.SIGINT, await signals.TakeAsync());
        Assert.False(signals.NextAsync().IsCompleted);
    }
}
