using System.Net;
using Conclave.Load.Net;

namespace Conclave.Load.Scenarios;

/// <summary>Many connections that have each sent one request and wait for its answer.</summary>
internal sealed class WaitingClients
{
    private readonly List<Connection> _connections = [];

    public IReadOnlyList<Connection> Connections => _connections;

    public static async Task<WaitingClients> OpenAsync(IPEndPoint server, int count, Func<int, string> targetOf)
    {
        var clients = new WaitingClients();
        for (var i = 0; i < count; i++)
        {
            var connection = await Connection.OpenAsync(server, bufferBytes: 512);
            clients._connections.Add(connection);
            await connection.SendAsync(Request.Get(targetOf(i)));
        }
        return clients;
    }

    public void Vanish()
    {
        foreach (var connection in _connections) connection.Vanish();
        _connections.Clear();
    }
}
