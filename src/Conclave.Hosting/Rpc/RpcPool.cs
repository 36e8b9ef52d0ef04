using System.Net;
using System.Net.Sockets;
using Conclave.Rpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Calls;

/// <summary>Calls to other servers, by their address: one connection each, dialled when needed, dropped when idle or broken. Thread-safe.</summary>
internal sealed class RpcPool : IAsyncDisposable
{
    // After a failed dial nobody dials again for this long: whoever asks meanwhile hears of the failure at once.
    private static readonly TimeSpan BackOff = TimeSpan.FromMilliseconds(100);

    // Servers known by address. Far above any cluster's number; beyond it, those without a connection are forgotten.
    private const int ServersMax = 128;

    private readonly RpcLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Func<IPEndPoint, CancellationToken, ValueTask<Stream>> _dial;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Server> _servers = new(StringComparer.Ordinal);   // Guarded by _gate.
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _sweep;

    /// <param name="limits">Bounds and times.</param>
    /// <param name="time">Clocks and timers.</param>
    /// <param name="log">Where lines go.</param>
    /// <param name="dial">Connects and says what the connection is for; null for plain TCP.</param>
    public RpcPool(RpcLimits limits, TimeProvider time, ILogger log, Func<IPEndPoint, CancellationToken, ValueTask<Stream>>? dial = null)
    {
        (_limits, _time, _log, _dial) = (limits, time, log, dial ?? DialAsync);
        _sweep = time.CreateTimer(static pool => ((RpcPool)pool!).Sweep(), this, limits.IdleTimeout, limits.IdleTimeout);
    }

    /// <summary>Calls a method of the server at <paramref name="address"/> (<c>ip:port</c>). Ends as <paramref name="stop"/> says at the latest; never throws for what the network does.</summary>
    public async ValueTask<RpcOutcome> CallAsync(string address, ReadOnlyMemory<byte> method, bool isForwarded, ReadOnlyMemory<byte> argument, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(address, out var endPoint) || endPoint.Port == 0) return RpcOutcome.NotSent($"'{address}' is no address of a server");
        if (ServerAt(address, endPoint) is not { } server) return RpcOutcome.NotSent("the node stops");
        RpcClientSession? session;
        try
        {
            session = await server.SessionAsync().WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return RpcOutcome.NotSent("i/o deadline reached");
        }
        if (session is null) return RpcOutcome.NotSent(server.LastError);
        return await session.CallAsync(method, isForwarded, argument, stop).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes the next call to each server open a new connection; calls under way keep theirs. To be called when the network may have swallowed packets: a connection on which something
    /// was lost stands still for as long as the cut has lasted once more, whereas a new one works at once.
    /// </summary>
    public void Renew()
    {
        Server[] servers;
        lock (_gate) servers = [.. _servers.Values];
        foreach (var server in servers) server.Retire();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _sweep.DisposeAsync().ConfigureAwait(false);
        Server[] servers;
        lock (_gate) servers = [.. _servers.Values];
        foreach (var server in servers) await server.EndedAsync().ConfigureAwait(false);
    }

    private static async ValueTask<Stream> DialAsync(IPEndPoint endPoint, CancellationToken stop)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, stop).ConfigureAwait(false);
            await socket.SendAsync(new[] { (byte)ConnectionKind.Mux }, stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private Server? ServerAt(string address, IPEndPoint endPoint)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested) return null;
            if (_servers.TryGetValue(address, out var known)) return known;
            if (_servers.Count >= ServersMax) ForgetUnused();
            var server = new Server(this, address, endPoint);
            _servers.Add(address, server);
            return server;
        }
    }

    private void ForgetUnused()
    {
        foreach (var (address, server) in _servers.ToArray())
            if (!server.IsInUse) _servers.Remove(address);
    }

    private void Sweep()
    {
        Server[] servers;
        lock (_gate) servers = [.. _servers.Values];
        foreach (var server in servers) server.EndIfIdle();
    }

    /// <summary>One server and the connection to it.</summary>
    private sealed class Server(RpcPool pool, string address, IPEndPoint endPoint)
    {
        private readonly Lock _gate = new();
        private Task<RpcClientSession?> _session = Task.FromResult<RpcClientSession?>(null);   // Guarded by _gate.
        private Task _running = Task.CompletedTask;                                            // Guarded by _gate; of retired connections too.
        private readonly List<RpcClientSession> _retired = [];                                 // Guarded by _gate.
        private long _failedAt;                                                                // Guarded by _gate.
        private bool _hasFailed;                                                               // Guarded by _gate.

        public string LastError { get; private set; } = "not connected";

        public bool IsInUse
        {
            get
            {
                lock (_gate) return !_session.IsCompleted || _session.Result is { IsOver: false };
            }
        }

        /// <summary>The connection, or a new one; null when it cannot be had now.</summary>
        public Task<RpcClientSession?> SessionAsync()
        {
            lock (_gate)
            {
                if (!_session.IsCompleted || _session.Result is { IsOver: false }) return _session;
                if (_hasFailed && pool._time.GetElapsedTime(_failedAt) < BackOff) return Task.FromResult<RpcClientSession?>(null);
                return _session = ConnectAsync();
            }
        }

        public void EndIfIdle()
        {
            lock (_gate)
            {
                if (_session is { IsCompleted: true, Result: { } session }) session.EndIfIdle();
                _retired.RemoveAll(static session => session.EndIfUnused());
            }
        }

        /// <summary>Keeps the connection for the calls under way only.</summary>
        public void Retire()
        {
            lock (_gate)
            {
                if (_session is not { IsCompleted: true, Result: { IsOver: false } session }) return;
                _session = Task.FromResult<RpcClientSession?>(null);
                if (!session.EndIfUnused()) _retired.Add(session);
            }
        }

        public async Task EndedAsync()
        {
            Task<RpcClientSession?> session;
            lock (_gate) session = _session;
            await session.ConfigureAwait(false);
            Task running;
            lock (_gate) running = _running;
            await running.ConfigureAwait(false);
        }

        private async Task<RpcClientSession?> ConnectAsync()
        {
            await Task.Yield();                                        // the lock of whoever asked must not be held while dialling
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(pool._stop.Token);
            patience.CancelAfter(pool._limits.DialTimeout);
            try
            {
                var connection = await pool._dial(endPoint, patience.Token).ConfigureAwait(false);
                var session = new RpcClientSession(pool._limits, pool._time);
                lock (_gate)
                {
                    _hasFailed = false;
                    _running = _running.IsCompleted ? RunAsync(session, connection) : Task.WhenAll(_running, RunAsync(session, connection));
                }
                return session;
            }
            catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                LastError = failure is OperationCanceledException ? $"dial tcp {address}: i/o timeout" : $"dial tcp {address}: {failure.Message}";
                lock (_gate) (_failedAt, _hasFailed) = (pool._time.GetTimestamp(), true);
                return null;
            }
        }

        private async Task RunAsync(RpcClientSession session, Stream connection)
        {
            await Task.Yield();
            using (session)
            {
                string reason = await session.RunAsync(connection, pool._stop.Token).ConfigureAwait(false);
                if (reason.Length > 0) RpcLog.ClientEnded(pool._log, address, reason);
            }
        }
    }
}
