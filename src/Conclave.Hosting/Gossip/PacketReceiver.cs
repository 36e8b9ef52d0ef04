using System.Net.Sockets;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Takes packets from the socket into the inbox. Never waits for the loop: what does not fit is counted and lost, as packets may be.</summary>
internal sealed class PacketReceiver(Socket socket, GossipInbox inbox, GossipCounters counters)
{
    // A socket that fails so often in a row will not come back.
    private const int FailuresMax = 100;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs until the socket is closed. Returns the reason when it fails for good, else null.</summary>
    public async Task<string?> RunAsync(CancellationToken stop)
    {
        var buffer = new byte[GossipLimits.PacketBytesMax];
        var from = SocketAddresses.New(socket.AddressFamily);
        for (int failures = 0; ;)
        {
            try
            {
                int bytes = await socket.ReceiveFromAsync(buffer, SocketFlags.None, from, stop).ConfigureAwait(false);
                failures = 0;
                if (!inbox.TryPostPacket(SocketAddresses.Decode(from), buffer.AsSpan(0, bytes))) counters.CountDropped();
            }
            catch (Exception end) when (stop.IsCancellationRequested && end is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return null;
            }
            catch (SocketException failure)
            {
                // Mostly the echo of a packet we sent to a port that is closed.
                if (++failures == FailuresMax) return $"receiving gossip packets failed: {failure.Message}";
                await Task.Delay(PauseAfterFailure, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
