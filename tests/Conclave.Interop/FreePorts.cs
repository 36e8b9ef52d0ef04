using System.Net;
using System.Net.Sockets;

namespace Conclave.Interop;

/// <summary>Ports of the loopback interface that are free for packets and streams, for programs that must be told.</summary>
internal static class FreePorts
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];                    // never twice within one run; guarded by Gate

    public static int[] Take(int count)
    {
        lock (Gate)
        {
            var ports = new int[count];
            for (int i = 0; i < count;)
            {
                using var streams = new TcpListener(IPAddress.Loopback, 0);
                streams.Start();
                int port = ((IPEndPoint)streams.LocalEndpoint).Port;
                if (!IsFreeForPackets(port) || !Given.Add(port)) continue;
                ports[i++] = port;
            }
            return ports;
        }
    }

    private static bool IsFreeForPackets(int port)
    {
        try
        {
            using var packets = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
