using System.Net.Sockets;
using Conclave.Agent.Checks;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Connects over TCP and hangs up.</summary>
internal static class TcpProbe
{
    public static async Task<ProbeResult> RunAsync(string address, CancellationToken stop)
    {
        if (!ProbeTarget.TryParse(address, out var target)) return new(HealthStatus.Critical, $"dial tcp: address {address}: missing port in address");
        try
        {
            using var socket = await target.ConnectAsync(ProtocolType.Tcp, stop).ConfigureAwait(false);
            return new(HealthStatus.Passing, $"TCP connect {address}: Success");
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return new(HealthStatus.Critical, ProbeErrors.Dial("tcp", target.ToString(), target.Host, failure));
        }
    }
}
