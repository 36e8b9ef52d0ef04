using System.Runtime.InteropServices;
using Conclave.Agent.Configuration;
using Conclave.Hosting;
using Conclave.Hosting.Configuration;
using Conclave.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace Conclave.Cli.Commands.Agents;

/// <summary>One run of an agent: from the configuration to the exit code. Signals, times and codes are those that launchers count on.</summary>
internal sealed class AgentRun(CommandIo io, AgentConfig config, Func<AgentConfig> readConfig)
{
    /// <summary>A graceful leave that takes longer is given up.</summary>
    private static readonly TimeSpan LeaveTimeMax = TimeSpan.FromSeconds(15);

    /// <summary>An agent that does not stop within this time is left to the system.</summary>
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(5);

    private const int Stopped = 1, Dumped = 2;

    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var signals = new AgentSignals(stop);
        AgentLog log;
        try
        {
            if (!config.InMemory) Directory.CreateDirectory(config.DataDir);
            log = new AgentLog(config.Log, io.OpenOutput(), TimeProvider.System);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return io.Fail($"==> {error.Message}");
        }
        using (log)
        {
            log.Hold();
            var logger = log.CreateLogger("agent");
            var code = await RunAsync(log, logger, signals).ConfigureAwait(false);
            log.Release("");
            AgentLines.ExitCode(logger, code);
            return code;
        }
    }

    private async Task<int> RunAsync(AgentLog log, ILogger logger, AgentSignals signals)
    {
        foreach (var warning in config.Warnings) AgentLines.Warning(logger, warning);
        using var pidFile = new PidFile(config.PidFile);
        await using var watches = new AgentWatches(config, logger);
        AgentHost host;
        try
        {
            pidFile.Write();
            using var giveUp = new CancellationTokenSource();
            var starting = AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = log, ReadConfig = readConfig, Reloaded = fresh => watches.Restart(fresh.Watches) }, giveUp.Token);
            if (await SignalWhileStartingAsync(starting, logger, signals).ConfigureAwait(false) is { } signal)
            {
                await giveUp.CancelAsync().ConfigureAwait(false);
                return AgentSignals.IsDump(signal) ? Dump(signal) : await AbandonAsync(starting).ConfigureAwait(false);
            }
            host = await starting.ConfigureAwait(false);
        }
        catch (StartJoinException nobody)
        {
            AgentLines.NobodyJoined(logger, nobody.Message.TrimEnd());
            return Stopped;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Whatever a start fails of ends in one line and a code; there is nothing to clean up but what the host has cleaned up itself.
            AgentLines.StartFailed(logger, error.Message.ReplaceLineEndings("; "));
            return Stopped;
        }
        log.Release(AgentBanner.Of(config, host.Identity));
        watches.Restart(config.Watches);
        var code = await ServeAsync(host, logger, signals).ConfigureAwait(false);
        await watches.DisposeAsync().ConfigureAwait(false);
        await StopAsync(host, logger).ConfigureAwait(false);
        return code;
    }

    /// <summary>A signal that ends the start, or null when the start has ended by itself.</summary>
    private static async Task<PosixSignal?> SignalWhileStartingAsync(Task starting, ILogger logger, AgentSignals signals)
    {
        while (true)
        {
            var next = signals.NextAsync();
            if (await Task.WhenAny(starting, next).ConfigureAwait(false) == starting) return null;
            var signal = await signals.TakeAsync().ConfigureAwait(false);
            if (signal != PosixSignal.SIGHUP)
            {
                AgentLines.Caught(logger, AgentSignals.NameOf(signal));
                return signal;
            }
            AgentLines.TooEarly(logger, AgentSignals.NameOf(signal));
        }
    }

    /// <summary>Takes down what a start that nobody wants any more has built.</summary>
    private static async Task<int> AbandonAsync(Task<AgentHost> starting)
    {
        if (await Task.WhenAny(starting, Task.Delay(StopTimeMax)).ConfigureAwait(false) != starting) return Stopped;
        if (starting.IsCompletedSuccessfully) await (await starting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        return Stopped;
    }

    private async Task<int> ServeAsync(AgentHost host, ILogger logger, AgentSignals signals)
    {
        while (true)
        {
            var next = signals.NextAsync();
            if (await Task.WhenAny(next, host.Ended).ConfigureAwait(false) == host.Ended)
            {
                var end = await host.Ended.ConfigureAwait(false);
                if (end.Kind == AgentEndKind.Left) return 0;
                if (end.Kind == AgentEndKind.JoinFailed) AgentLines.JoinFailed(logger, end.Message);
                else AgentLines.Failed(logger, end.Message);
                return Stopped;
            }
            var signal = await signals.TakeAsync().ConfigureAwait(false);
            AgentLines.Caught(logger, AgentSignals.NameOf(signal));
            if (signal == PosixSignal.SIGHUP) await ReloadAsync(host, logger).ConfigureAwait(false);
            else if (AgentSignals.IsDump(signal)) return Dump(signal);
            else return await EndAsync(host, logger, signals, signal).ConfigureAwait(false);
        }
    }

    private static async Task ReloadAsync(AgentHost host, ILogger logger)
    {
        var outcome = await host.ReloadAsync().ConfigureAwait(false);
        if (!outcome.IsOk) AgentLines.ReloadFailed(logger, outcome.Text.ReplaceLineEndings("; "));
    }

    /// <summary>The exit code after SIGINT or SIGTERM: 0 for a finished leave, else 1.</summary>
    private async Task<int> EndAsync(AgentHost host, ILogger logger, AgentSignals signals, PosixSignal signal)
    {
        var leaves = signal == PosixSignal.SIGINT ? !config.SkipsLeaveOnInterrupt : config.LeavesOnTerminate;
        if (!leaves)
        {
            AgentLines.NoLeave(logger);
            return Stopped;
        }
        AgentLines.Leaving(logger);
        return await LeaveAsync(host.LeaveAsync(), logger, signals.NextAsync()).ConfigureAwait(false);
    }

    private async Task<int> LeaveAsync(Task leave, ILogger logger, Task<PosixSignal> second)
    {
        var first = await Task.WhenAny(leave, second, Task.Delay(LeaveTimeMax)).ConfigureAwait(false);
        if (first == second)
        {
            var signal = await second.ConfigureAwait(false);
            AgentLines.LeaveInterrupted(logger, AgentSignals.NameOf(signal));
            return AgentSignals.IsDump(signal) ? Dump(signal) : Stopped;
        }
        if (first != leave)
        {
            AgentLines.LeaveTooLong(logger);
            return Stopped;
        }
        return await HasLeftAsync(leave, logger).ConfigureAwait(false) ? 0 : Stopped;
    }

    private static async Task<bool> HasLeftAsync(Task leave, ILogger logger)
    {
        await Task.WhenAny(leave).ConfigureAwait(false);
        if (leave.Exception is { } failure) AgentLines.LeaveFailed(logger, failure.GetBaseException().Message.ReplaceLineEndings("; "));
        else AgentLines.Left(logger);
        return leave.IsCompletedSuccessfully;
    }

    private int Dump(PosixSignal signal)
    {
        io.Error.Write($"{AgentSignals.NameOf(signal)}\n\n{Environment.StackTrace}\n");
        return Dumped;
    }

    private static async Task StopAsync(AgentHost host, ILogger logger)
    {
        AgentLines.Stopping(logger);
        var stopped = host.DisposeAsync().AsTask();
        if (await Task.WhenAny(stopped, Task.Delay(StopTimeMax)).ConfigureAwait(false) != stopped) AgentLines.StopGivenUp(logger);
        else await stopped.ConfigureAwait(false);
    }
}
