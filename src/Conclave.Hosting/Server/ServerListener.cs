using System.Net;
using System.Net.Sockets;
using Conclave.Hosting.Calls;
using Conclave.Rpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// The server port: takes connections, reads the byte that says what each is for, and hands it to the handler of that kind. A connection that says nothing, or nothing known, is closed.
/// </summary>
internal sealed class ServerListener : IAsyncDisposable
{
    /// <summary>Connections that may be open. Above it new ones are closed at once.</summary>
    public const int ConnectionsMax = 8192;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly IServerConnectionHandler?[] _handlers = new IServerConnectionHandler?[(int)ConnectionKind.Grpc + 1];
    private readonly CancellationTokenSource _stop = new();
    private readonly ConnectionsPerAddress _silent = new(0), _speaking = new(0);
    private readonly LineBudget _lines = new(TimeProvider.System);
    private readonly ILogger _logger;
    private readonly Socket _socket;
    private readonly Lock _gate = new();                       // guards _open
    private readonly HashSet<Task> _open = [];
    private Task _accepting = Task.CompletedTask;

    /// <summary>Binds the port; nothing is taken before <see cref="Start"/>.</summary>
    /// <exception cref="IOException">The address is in use or not of this host.</exception>
    public ServerListener(IPEndPoint address, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger("agent.server.rpc");
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(address);
            _socket.Listen(512);
        }
        catch (SocketException refused)
        {
            _socket.Dispose();
            throw new IOException($"Failed to start RPC listener: listen tcp {address}: bind: {refused.Message.ToLowerInvariant()}", refused);
        }
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>How long a new connection may take to say what it is for; zero for no limit. Peers say it at once.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Connections that one address may have; 0 for no limit. Those that have not said yet what they are for are counted apart, and those of the Raft transport not at all: clients of the same
    /// host must not keep servers from each other.
    /// </summary>
    public int ConnectionsPerAddressMax
    {
        get => _speaking.Max;
        set => _silent.Max = _speaking.Max = value;
    }

    /// <summary>Sets who serves a kind of connection. Before <see cref="Start"/>.</summary>
    public void Handle(ConnectionKind kind, IServerConnectionHandler handler) => _handlers[(int)kind] = handler;

    /// <summary>Begins to take connections.</summary>
    public void Start() => _accepting = AcceptAsync();

    /// <summary>Closes the port and all connections, and waits until their handlers have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        Task[] open;
        lock (_gate) open = [.. _open];
        await Task.WhenAll(open).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                Take(socket);
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Reset before it was taken, or no descriptors left: both pass.
                await Task.Delay(PauseAfterFailure, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Take(Socket socket)
    {
        lock (_gate)
        {
            if (_open.Count >= ConnectionsMax)
            {
                socket.Dispose();
                return;
            }
            var serving = ServeAsync(socket);
            if (serving.IsCompleted) return;
            _open.Add(serving);
            _ = ForgetAsync(serving);
        }
    }

    private async Task ForgetAsync(Task serving)
    {
        await serving.ConfigureAwait(false);
        lock (_gate) _open.Remove(serving);
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();                                    // never on the accepting loop
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                var remote = (IPEndPoint)socket.RemoteEndPoint!;
                var stream = new NetworkStream(socket, ownsSocket: true);   // whoever closes the stream ends the reads that wait on it
                await using (stream.ConfigureAwait(false)) await ServeAsync(new ServerConnection(stream, remote)).ConfigureAwait(false);
            }
            catch (Exception end) when (end is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                ServerLog.ConnectionEnded(_logger, end.Message);
            }
            catch (Exception broken)
            {
                ServerLog.HandlerFailed(_logger, broken);      // a fault of ours: it costs this connection, not the process
            }
        }
    }

    private async Task ServeAsync(ServerConnection connection)
    {
        if (await ReadPrefaceAsync(connection).ConfigureAwait(false) is not { } first) return;
        var form = ConnectionPreface.Read(first, out var kind);
        var handler = form == PrefaceForm.Selector ? _handlers[(int)kind] : null;
        if (handler is null) Refuse(form, kind, first, connection.Remote);
        else if (kind == ConnectionKind.Raft) await handler.ServeAsync(connection, _stop.Token).ConfigureAwait(false);
        else await ServeCountedAsync(handler, connection).ConfigureAwait(false);
    }

    // Null when nothing came in time.
    private async ValueTask<byte?> ReadPrefaceAsync(ServerConnection connection)
    {
        if (!TryCount(_silent, connection.Remote)) return null;
        try
        {
            var first = new byte[1];
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            if (HandshakeTimeout > TimeSpan.Zero) limit.CancelAfter(HandshakeTimeout);
            return await connection.Stream.ReadAsync(first, limit.Token).ConfigureAwait(false) == 0 ? null : first[0];
        }
        finally
        {
            _silent.Return(connection.Remote.Address);
        }
    }

    private async Task ServeCountedAsync(IServerConnectionHandler handler, ServerConnection connection)
    {
        if (!TryCount(_speaking, connection.Remote)) return;
        try
        {
            await handler.ServeAsync(connection, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            _speaking.Return(connection.Remote.Address);
        }
    }

    private bool TryCount(ConnectionsPerAddress connections, IPEndPoint remote)
    {
        if (connections.TryTake(remote.Address)) return true;
        if (_lines.TryTake()) ServerLog.TooManyConnections(_logger, remote);
        return false;
    }

    private void Refuse(PrefaceForm form, ConnectionKind kind, byte first, IPEndPoint remote)
    {
        if (!_lines.TryTake()) return;
        if (form == PrefaceForm.NativeTls || kind is ConnectionKind.Tls or ConnectionKind.EnrollmentTls) ServerLog.NoTls(_logger, remote);
        else if (form == PrefaceForm.Selector && kind == ConnectionKind.Grpc) ServerLog.NoGrpc(_logger, remote);
        else ServerLog.UnknownPreface(_logger, first, remote);
    }
}

/// <summary>Log messages of the server port.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(EventId = 300, Level = LogLevel.Error, Message = "unrecognized RPC byte: byte={First} conn=from={Remote}")]
    public static partial void UnknownPreface(ILogger logger, byte first, IPEndPoint remote);

    [LoggerMessage(EventId = 301, Level = LogLevel.Debug, Message = "connection ended: {Reason}")]
    public static partial void ConnectionEnded(ILogger logger, string reason);

    [LoggerMessage(EventId = 302, Level = LogLevel.Error, Message = "serving a connection failed")]
    public static partial void HandlerFailed(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 303, Level = LogLevel.Warning, Message = "TLS connection attempted, server not configured for TLS: conn=from={Remote}")]
    public static partial void NoTls(ILogger logger, IPEndPoint remote);

    [LoggerMessage(EventId = 304, Level = LogLevel.Error, Message = "GRPC conn opened but GRPC is not enabled, closing: conn=from={Remote}")]
    public static partial void NoGrpc(ILogger logger, IPEndPoint remote);

    [LoggerMessage(EventId = 305, Level = LogLevel.Error, Message = "rejecting RPC connection because rpc_max_conns_per_client was exceeded: conn=from={Remote}")]
    public static partial void TooManyConnections(ILogger logger, IPEndPoint remote);
}
