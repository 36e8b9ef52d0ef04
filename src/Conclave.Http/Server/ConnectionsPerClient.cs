using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Conclave.Http.Server;

/// <summary>Counts open connections by client address and turns away those above the limit.</summary>
internal sealed class ConnectionsPerClient(Func<int> connectionsMax, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _open = [];   // Guarded by _gate; an address without connections has no entry.

    /// <summary>Wraps the next step of a connection.</summary>
    public ConnectionDelegate Around(ConnectionDelegate next, bool isTls) => connection => connection.RemoteEndPoint is IPEndPoint { Address: var address }
        ? Run(connection, address, next, isTls)
        : next(connection);

    private async Task Run(ConnectionContext connection, IPAddress address, ConnectionDelegate next, bool isTls)
    {
        if (!TryEnter(address))
        {
            HttpLog.TooManyConnections(logger, address.ToString());
            // Inside TLS there is nobody yet who would understand a plain answer.
            if (!isTls) await connection.Transport.Output.WriteAsync("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
            await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
            return;
        }
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Leave(address);
        }
    }

    private bool TryEnter(IPAddress address)
    {
        int max = connectionsMax();
        lock (_gate)
        {
            var open = _open.GetValueOrDefault(address);
            if (max > 0 && open >= max) return false;
            _open[address] = open + 1;
            return true;
        }
    }

    private void Leave(IPAddress address)
    {
        lock (_gate)
        {
            var open = _open[address];
            if (open == 1) _open.Remove(address);
            else _open[address] = open - 1;
        }
    }
}
