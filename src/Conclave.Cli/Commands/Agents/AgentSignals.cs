using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Conclave.Cli.Commands.Agents;

/// <summary>
/// The signals of the process in order of arrival. Taking them over keeps the runtime from its own slow way to end a process, whose exit codes are not ours.
/// </summary>
internal sealed class AgentSignals : IDisposable
{
    /// <summary>SIGABRT has no name in the platform's list, but its number is accepted.</summary>
    private const PosixSignal Abort = (PosixSignal)6;

    private static readonly PosixSignal[] Handled = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT, Abort];

    private readonly Channel<PosixSignal> _arrived = Channel.CreateUnbounded<PosixSignal>();
    private readonly List<IDisposable> _registrations = [];
    private Task<PosixSignal>? _next;

    /// <param name="stop">Counts as SIGINT; for tests.</param>
    public AgentSignals(CancellationToken stop)
    {
        foreach (var signal in Handled)
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _arrived.Writer.TryWrite(signal);
            }));
        _registrations.Add(stop.Register(() => _arrived.Writer.TryWrite(PosixSignal.SIGINT)));
    }

    /// <summary>The next signal; the same task until <see cref="TakeAsync"/>. It may come when whoever asked has turned to something else, and must not be lost then.</summary>
    public Task<PosixSignal> NextAsync() => _next ??= _arrived.Reader.ReadAsync().AsTask();

    /// <summary>The signal that has come, which is dealt with now.</summary>
    public async Task<PosixSignal> TakeAsync()
    {
        var signal = await NextAsync().ConfigureAwait(false);
        _next = null;
        return signal;
    }

    public static bool IsDump(PosixSignal signal) => signal is PosixSignal.SIGQUIT or Abort;

    public static string NameOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGINT => "interrupt",
        PosixSignal.SIGTERM => "terminated",
        PosixSignal.SIGHUP => "hangup",
        PosixSignal.SIGQUIT => "quit",
        _ => "aborted",
    };

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }
}
