using System.Buffers.Binary;
using System.Security.Cryptography;
using Conclave.Core;
using Conclave.Node;
using Conclave.Storage;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>One node with its disk, clock and loop. The gateway is there from the first moment; the node behind it after <see cref="StartAsync"/>.</summary>
internal sealed class NodeRuntime : IAsyncDisposable
{
    private readonly NodeConfig _config;
    private readonly SystemDisk? _disk;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly NodeInbox _inbox;
    private readonly NodeGateway _gateway;
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SystemClock _clock;
    private NodePump? _pump;

    /// <summary>How messages reach the other servers; set before <see cref="StartAsync"/>. Not owned.</summary>
    public IRaftTransport? Transport { get; set; }

    /// <summary>Where inputs for the node arrive.</summary>
    public NodeInbox Inbox => _inbox;

    /// <param name="config">What the node is told.</param>
    /// <param name="inbox">Where its requests arrive, and the disk jobs that <paramref name="disk"/> hands back.</param>
    /// <param name="disk">Its data folder, locked; null to keep everything in memory. Owned from now on.</param>
    /// <param name="loggers">Where its lines go.</param>
    /// <param name="time">Clocks and timers.</param>
    public NodeRuntime(NodeConfig config, NodeInbox inbox, SystemDisk? disk, ILoggerFactory loggers, TimeProvider time)
    {
        (_config, _inbox, _disk, _loggers, _time) = (config, inbox, disk, loggers, time);
        _clock = new SystemClock(time);
        _gateway = new NodeGateway(config.Identity, inbox, _clock);
    }

    /// <summary>The door for front ends.</summary>
    public NodeGateway Gateway => _gateway;

    /// <summary>Completes with the reason when the node cannot go on. Its process, or at least everything that relies on it, must end.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Completes when the loop has ended. Only after <see cref="StartAsync"/>.</summary>
    public Task Stopped => _pump?.Stopped ?? Task.CompletedTask;

    /// <summary>Reads the log and starts the loop. The calling thread does not wait for the disk.</summary>
    /// <exception cref="WalDamagedException">Something that was acknowledged may be missing: the node must not start.</exception>
    /// <exception cref="OutageRecoveryException">The operator's list of servers cannot be carried out.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public Task StartAsync() => _disk is null ? StartNow(NodeRecovery.InMemory(_config)) : Task.Run(() => StartNow(NodeRecovery.FromDisk(_config, _disk, new WalOptions(), NewPrng(), _clock.Wall)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _inbox.Close();
        if (_pump is not null) await _pump.DisposeAsync().ConfigureAwait(false);
        _disk?.Dispose();
    }

    private Task StartNow(RecoveredNode recovered)
    {
        var node = new Node.Node(_config, recovered, NewPrng(), _clock.Now, _clock.Wall);
        _pump = new NodePump(node, _inbox, _disk, _clock, _time, _gateway, new NodeLog(_loggers), Transport, Fail);
        _pump.Start();
        return Task.CompletedTask;
    }

    private void Fail(string reason)
    {
        NodeLogMessages.Fatal(_loggers.CreateLogger("agent.server"), reason);
        _failed.TrySetResult(reason);
    }

    // The one place where chance enters: everything below draws from this seed.
    internal static Prng NewPrng()
    {
        Span<byte> seed = stackalloc byte[8];
        RandomNumberGenerator.Fill(seed);
        return new Prng(BinaryPrimitives.ReadUInt64LittleEndian(seed));
    }
}
