using System.Net;
using System.Net.Sockets;
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

    // Peers send the byte at once; whoever does not is not one.
    private static readonly TimeSpan PrefaceTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly IServerConnectionHandler?[] _handlers = new IServerConnectionHandler?[(int)ConnectionKind.Grpc + 1];
    private readonly CancellationTokenSource _stop = new();
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
                var stream = new NetworkStream(socket, ownsSocket: false);
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
        var first = new byte[1];
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            limit.CancelAfter(PrefaceTimeout);
            if (await connection.Stream.ReadAsync(first, limit.Token).ConfigureAwait(false) == 0) return;
        }
        if (ConnectionPreface.Read(first[0], out var kind) == PrefaceForm.Selector && _handlers[(int)kind] is { } handler)
            await handler.ServeAsync(connection, _stop.Token).ConfigureAwait(false);
        else
            ServerLog.UnknownPreface(_logger, first[0], connection.Remote);
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
}
