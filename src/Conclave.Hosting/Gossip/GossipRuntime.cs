using System.Net;
using Conclave.Core.Model;
using Conclave.Gossip;
using Conclave.Gossip.Files;

namespace Conclave.Hosting.Gossip;

/// <summary>One pool with its sockets, files, clock and a loop of its own. Thread-safe.</summary>
internal sealed class GossipRuntime : IAsyncDisposable
{
    // A snapshot of a hundred thousand members has some megabytes; a larger file is not one.
    private const int SnapshotBytesMax = 64 * 1024 * 1024;

    private readonly GossipPool _pool;
    private readonly GossipSockets _sockets;
    private readonly GossipInbox _inbox = new();
    private readonly GossipFiles _files;
    private readonly GossipLoop _loop;
    private readonly GossipViews _views;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private int _isDisposed;

    private GossipRuntime(GossipRuntimeOptions options, GossipSockets sockets, SerfSnapshot? snapshot)
    {
        _sockets = sockets;
        _views = new GossipViews(options.PublishCoordinates);
        IsEncrypted = options.Keyring is not null;
        var config = WithPort(options.Config, sockets.Port);
        var clock = new SystemClock(options.Time);
        _pool = new GossipPool(config, new GossipStart(snapshot, options.Keyring), NodeRuntime.NewPrng(), clock.Now);
        _files = new GossipFiles(options.SnapshotPath, options.KeyringPath, _inbox);
        var streams = new GossipStreams(sockets.Streams, _inbox, Counters, config.StreamTimeout);
        var log = new GossipLog(options.Loggers, options.LogName.Prefix, options.LogName.Suffix);
        _loop = new GossipLoop(_pool, _inbox, new PacketSender(sockets.Packets, Counters), streams, _files, log, _views, options.Listener, clock, options.Time, Fail);
        _views.Publish(_pool, clock.Now);
        LocalEndPoint = new IPEndPoint(options.BindAddress, sockets.Port);
        _running = RunAsync(streams);
    }

    /// <summary>Where it listens, for packets and streams.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The own member.</summary>
    public GossipMember Self => _views.Self;

    /// <summary>All members, ordinal by name: a list that never changes.</summary>
    public IReadOnlyList<GossipMember> Members => _views.Members;

    /// <summary>Numbers for people.</summary>
    public GossipNumbers Numbers => _views.Numbers;

    /// <summary>Our place in the space of round trip times, about a second old at most.</summary>
    public Coordinate Coordinate => _views.Coordinate;

    /// <summary>The places of all members that are known, ordinal by name; empty unless they are published.</summary>
    public IReadOnlyList<KeyValuePair<string, Coordinate>> Coordinates => _views.Coordinates;

    /// <summary>Whether the pool has keys.</summary>
    public bool IsEncrypted { get; }

    /// <summary>What the sockets had to give up.</summary>
    public GossipCounters Counters { get; } = new();

    /// <summary>Completes with the reason when the pool cannot go on.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Opens the sockets and starts the loop. Reads the snapshot file, if there is one.</summary>
    /// <exception cref="IOException">The address is in use or not of this host, or the snapshot file cannot be read.</exception>
    public static GossipRuntime Start(GossipRuntimeOptions options)
    {
        var sockets = options.Sockets;
        try
        {
            var snapshot = ReadSnapshot(options);
            sockets ??= GossipSockets.Open(options.BindAddress, options.Port);
            return new GossipRuntime(options, sockets, snapshot);
        }
        catch
        {
            sockets?.Dispose();
            options.Keyring?.Dispose();
            throw;
        }
    }

    /// <summary>Asks the pool something that it answers at once.</summary>
    /// <exception cref="MembershipException">The pool has ended, or too many requests wait.</exception>
    public Task<T> AskAsync<T>(Func<GossipPool, T> ask)
    {
        var question = new GossipQuestion<T>(ask);
        Post(question);
        return question.Task;
    }

    /// <summary>Begins something whose end the pool tells later, under the number it is given.</summary>
    /// <exception cref="MembershipException">The pool has ended, or too many requests wait.</exception>
    public Task<GossipCompletion> OperateAsync(Action<GossipPool, long> begin)
    {
        var operation = new GossipOperation(begin);
        Post(operation);
        return operation.Task;
    }

    /// <summary>Ends the loop, closes sockets and files. What waited for an answer fails.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _inbox.Close();
        await _running.ConfigureAwait(false);
        await _loop.DisposeAsync().ConfigureAwait(false);
        _files.Dispose();
        _pool.Dispose();
        _stop.Dispose();
    }

    private static GossipConfig WithPort(GossipConfig config, int port) =>
        config.Advertise.Port == 0 ? config with { Advertise = config.Advertise with { Port = (ushort)port } } : config;

    private static SerfSnapshot? ReadSnapshot(GossipRuntimeOptions options)
    {
        if (options.SnapshotPath is null || !File.Exists(options.SnapshotPath)) return null;
        if (new FileInfo(options.SnapshotPath).Length > SnapshotBytesMax) throw new IOException($"{options.SnapshotPath} is too large for a snapshot of members");
        return SerfSnapshot.Replay(File.ReadAllBytes(options.SnapshotPath), options.Config.RejoinAfterLeave);
    }

    private async Task RunAsync(GossipStreams streams)
    {
        var files = Task.Run(_files.RunAsync);
        var accepting = streams.AcceptAsync(_stop.Token);
        var receiving = ReceiveAsync();
        await Task.Run(_loop.RunAsync).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        _sockets.Dispose();
        await Task.WhenAll(accepting, receiving).ConfigureAwait(false);
        _files.Complete();
        await files.ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        if (await new PacketReceiver(_sockets.Packets, _inbox, Counters).RunAsync(_stop.Token).ConfigureAwait(false) is not { } broken) return;
        Fail(broken);
        _inbox.Close();
    }

    private void Fail(string reason) => _failed.TrySetResult(reason);

    private void Post(IGossipRequest request)
    {
        if (!_inbox.TryPostRequest(request)) request.Abandon(_inbox.IsClosed ? "the pool is closed" : "too many requests wait for the pool");
    }
}
