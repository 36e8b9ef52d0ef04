using System.Net.Sockets;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Sends a pool's packets from the listening socket. The socket does not block: what the system does not take at once is counted and lost.</summary>
internal sealed class PacketSender(Socket socket, GossipCounters counters)
{
    private readonly SocketAddresses _addresses = new(socket.AddressFamily);

    /// <summary>Sends all packets of an outbox.</summary>
    public void SendAll(GossipOutbox outbox)
    {
        for (int i = 0; i < outbox.PacketCount; i++)
        {
            var packet = outbox.Packet(i);
            if (_addresses.TryEncode(packet.To) is not { } to || !TrySend(packet.Bytes.Span, to)) counters.CountSendFailed();
        }
    }

    private bool TrySend(ReadOnlySpan<byte> packet, System.Net.SocketAddress to)
    {
        try
        {
            return socket.SendTo(packet, SocketFlags.None, to) == packet.Length;
        }
        catch (SocketException)
        {
            return false;                                              // no route, full buffer, filtered: the protocol repeats itself
        }
    }
}
