using System.Net.Sockets;
using Conclave.Agent.Checks;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Sends a datagram. Only a refusal is bad news: silence is what most services answer to bytes they do not know.</summary>
internal static class UdpProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static async Task<ProbeResult> RunAsync(string address, CancellationToken stop)
    {
        if (!ProbeTarget.TryParse(address, out var target)) return new(HealthStatus.Critical, $"dial udp: address {address}: missing port in address");
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            using var socket = await target.ConnectAsync(ProtocolType.Udp, stop).ConfigureAwait(false);
            await socket.SendAsync(new byte[1], SocketFlags.None, stop).ConfigureAwait(false);
            listening.CancelAfter(Patience);
            await socket.ReceiveAsync(new byte[1], SocketFlags.None, listening.Token).ConfigureAwait(false);
        }
        catch (SocketException failure) when (failure.SocketErrorCode != SocketError.MessageSize)
        {
            return new(HealthStatus.Critical, ProbeErrors.Dial("udp", target.ToString(), target.Host, failure));
        }
        catch (Exception silence) when (silence is OperationCanceledException or SocketException)
        {
            return new(HealthStatus.Passing, $"UDP connect {address}: Success");   // no refusal came, or a long answer did
        }
        return new(HealthStatus.Passing, $"UDP connect {address}: Success");
    }
}
