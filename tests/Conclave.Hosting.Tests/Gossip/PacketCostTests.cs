using System.Net;
using System.Net.Sockets;
using Conclave.Hosting;

namespace Conclave.Tests.Gossip;

/// <summary>What a packet costs on its way through real sockets and the loop. Counts the garbage of the whole process, so it runs alone.</summary>
[Collection(Alone)]
public sealed class PacketCostTests
{
    public const string Alone = "costs of gossip packets";

    // Far above what stays when each packet allocates nothing (numbers published every second, the runtime's own), far below one object for each packet.
    private const double BytesPerPacketMax = 12;

    [Fact]
    public async Task A_ping_and_its_ack_leave_no_garbage_behind()
    {
        await using var member = await Membership.StartAsync(new MembershipOptions { Name = "a", Port = 0 }, TestContext.Current.CancellationToken);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var to = member.LocalEndPoint.Serialize();
        Exchange(socket, to, 2000);                                    // until everything is there that is made once

        long before = GC.GetTotalAllocatedBytes(precise: true);
        Exchange(socket, to, 4000);
        double bytesPerPacket = (GC.GetTotalAllocatedBytes(precise: true) - before) / 8000.0;

        Assert.True(bytesPerPacket <= BytesPerPacketMax, $"{bytesPerPacket:F1} bytes for each packet");
    }

    // A ping to whoever receives it, number 7. One at a time: nobody has to drop anything.
    private static void Exchange(Socket socket, SocketAddress to, int count)
    {
        byte[] request = [0, 0x82, 0xa4, .. "Node"u8, 0xa0, 0xa5, .. "SeqNo"u8, 7];
        var answer = new byte[2048];
        var from = new IPEndPoint(IPAddress.Any, 0).Serialize();
        for (int i = 0; i < count; i++)
        {
            socket.SendTo(request, SocketFlags.None, to);
            Assert.True(socket.ReceiveFrom(answer, SocketFlags.None, from) > 0);
        }
    }
}

/// <summary>Runs when nothing else does.</summary>
[CollectionDefinition(PacketCostTests.Alone, DisableParallelization = true)]
public sealed class PacketCostCollection;
