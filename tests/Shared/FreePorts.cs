using System.Net;
using System.Net.Sockets;

namespace Conclave.Tests;

/// <summary>
/// Ports that nobody uses and that stay a server's own while it is down: none is given out twice, and none is of the range from which the system takes ports for connections.
/// </summary>
internal static class FreePorts
{
    private const int First = 15_000, End = 32_000;

    private static readonly Lock s_lock = new();
    private static int s_next = Random.Shared.Next(First, End);

    public static int[] Take(int count)
    {
        lock (s_lock)
        {
            var taken = new List<int>(count);
            while (taken.Count < count)
            {
                if (++s_next >= End) s_next = First;
                if (IsFree(s_next)) taken.Add(s_next);
            }
            return [.. taken];
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using var datagram = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            stream.Bind(new IPEndPoint(IPAddress.Loopback, port));
            datagram.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
