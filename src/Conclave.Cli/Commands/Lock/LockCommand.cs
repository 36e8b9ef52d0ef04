using System.ComponentModel;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Lock;

/// <summary><c>lock</c>: runs a child while holding a lock or one of several places.</summary>
internal sealed class LockCommand : ClientCommand
{
    /// <summary>Exit code for a failed child when it is asked for.</summary>
    private const int ChildFailed = 2;

    private bool _childExitCode, _passInput, _shell = true, _verbose;
    private int _limit = 1, _monitorRetry = 3;
    private string _name = "";
    private TimeSpan _timeout, _try;

    public override string Usage => "lock [options] prefix child...";

    public override string Summary => "Acquires a lock, runs the child while holding it, and releases it.";

    protected override bool AsksServers => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("child-exit-code", value => _childExitCode = value, "Exit with 2 when the child fails.");
        flags.Integer("monitor-retry", value => _monitorRetry = value, "Failed checks of the lock that are tried again. Default 3.");
        flags.Integer("n", value => _limit = value, "Holders at the same time. Default 1.");
        flags.Text("name", value => _name = value, "Name of the session.");
        flags.Switch("pass-stdin", value => _passInput = value, "Pass standard input to the child.");
        flags.Switch("shell", value => _shell = value, "Run the child through the shell.");
        flags.Duration("timeout", value => _timeout = value, "Older name of -try.");
        flags.Duration("try", value => _try = value, "Give up after this time; without it, wait for ever.");
        flags.Switch("verbose", value => _verbose = value, "Say what happens.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (_try == TimeSpan.Zero) _try = _timeout;
        if (arguments.Count < 2) return io.Fail("Key prefix and child command must be specified");
        if (_limit <= 0) return io.Fail("Lock holder limit must be positive");
        if (_try < TimeSpan.Zero) return io.Fail("Timeout must be positive");
        return _monitorRetry < 0 ? io.Fail("Number of monitor retries must be >= 0") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var prefix = arguments[0].TrimStart('/');
        var name = _name.Length > 0 ? _name : $"Consul lock for '{string.Join(' ', arguments.Skip(1))}' at '{prefix}'";
        await using var session = new LockSession(client, name);
        Holding holding = _limit == 1 ? new LockHolding(client, session, prefix) : new SemaphoreHolding(client, session, prefix, _limit);
        try
        {
            Say(io, _verbose, $"Setting up lock at path: {prefix}");
            await session.StartAsync(stop).ConfigureAwait(false);
            if (!await holding.AcquireAsync(_try, stop).ConfigureAwait(false)) return io.Fail("Lock acquisition failed: timed out");
        }
        catch (ApiException error)
        {
            return io.Fail($"Lock acquisition failed: {error.Message}");
        }
        var code = await RunChildAsync(io, arguments, holding, stop).ConfigureAwait(false);
        try
        {
            await holding.ReleaseAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Lock release failed: {error.Message}");
        }
        return code;
    }

    private async Task<int> RunChildAsync(CommandIo io, IReadOnlyList<string> arguments, Holding holding, CancellationToken stop)
    {
        Say(io, _verbose, "Starting handler");
        var start = ChildProcess.Command([.. arguments.Skip(1)], _shell);
        start.Environment["CONSUL_LOCK_HELD"] = "true";
        using var until = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watch = holding.LostAsync(_monitorRetry, until);
        try
        {
            var exit = await ChildProcess.RunAsync(start, _passInput ? await DataArgument.ReadAsync(io, "-", stop).ConfigureAwait(false) : null, io, until.Token).ConfigureAwait(false);
            if (exit == 0) return 0;
            io.Error.Write($"Error running handler: {(exit > 128 ? $"signal: {exit - 128}" : $"exit status {exit}")}\n");
        }
        catch (Win32Exception error)
        {
            io.Error.Write($"Error running handler: {error.Message}\n");
        }
        finally
        {
            await until.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
        }
        return _childExitCode ? ChildFailed : 0;
    }

    private static void Say(CommandIo io, bool verbose, string line)
    {
        if (verbose) io.Out.Write(line + "\n");
    }
}
