using System.Net;
using System.Net.Sockets;

namespace Conclave.Load.Server;

/// <summary>Ports that nobody listens on.</summary>
internal static class FreePorts
{
    public static int[] Take(int count)
    {
        // Held open together, so that the same port is not handed out twice.
        var listeners = new TcpListener[count];
        for (var i = 0; i < count; i++)
        {
            listeners[i] = new TcpListener(IPAddress.Loopback, 0);
            listeners[i].Start();
        }
        var ports = Array.ConvertAll(listeners, listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }
}
