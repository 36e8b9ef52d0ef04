using System.Net.Security;
using System.Net.Sockets;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Opens an HTTP/2 connection and waits for the answer to a PING frame.</summary>
internal static class H2PingProbe
{
    private const int FrameHeaderBytes = 9;
    private const int FrameBytesMax = 16 * 1024;
    private const byte PingFrame = 6;
    private const byte AckFlag = 1;

    // Connection preface, an empty SETTINGS frame and a PING.
    private static readonly byte[] Hello =
    [
        .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
        0, 0, 0, 4, 0, 0, 0, 0, 0,
        0, 0, 8, PingFrame, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
    ];

    public static async Task<ProbeResult> RunAsync(CheckDefinition check, CancellationToken stop)
    {
        if (!ProbeTarget.TryParse(check.H2Ping, out var target)) return Failed($"Failed to dial to {check.H2Ping}: missing port in address");
        try
        {
            using var socket = await target.ConnectAsync(ProtocolType.Tcp, stop).ConfigureAwait(false);
            await using var network = new NetworkStream(socket);
            if (!check.H2PingUseTls) return await PingAsync(network, stop).ConfigureAwait(false);
            await using var tls = new SslStream(network, leaveInnerStreamOpen: true);
            await tls.AuthenticateAsClientAsync(Options(check, target), stop).ConfigureAwait(false);
            return await PingAsync(tls, stop).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or IOException or System.Security.Authentication.AuthenticationException)
        {
            return Failed($"Failed to dial to {check.H2Ping}: {ProbeErrors.Dial("tcp", target.ToString(), target.Host, failure)}");
        }
    }

    private static SslClientAuthenticationOptions Options(CheckDefinition check, ProbeTarget target) => new()
    {
        TargetHost = check.TlsServerName.Length > 0 ? check.TlsServerName : target.Host,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        RemoteCertificateValidationCallback = check.TlsSkipVerify ? static (_, _, _, _) => true : null,
    };

    private static async Task<ProbeResult> PingAsync(Stream stream, CancellationToken stop)
    {
        await stream.WriteAsync(Hello, stop).ConfigureAwait(false);
        byte[] header = new byte[FrameHeaderBytes], payload = new byte[FrameBytesMax];
        while (true)
        {
            await stream.ReadExactlyAsync(header, stop).ConfigureAwait(false);
            int length = header[0] << 16 | header[1] << 8 | header[2];
            if (length > FrameBytesMax) return Failed("HTTP2 ping failed: the answer is not HTTP/2");
            await stream.ReadExactlyAsync(payload.AsMemory(0, length), stop).ConfigureAwait(false);
            if (header[3] == PingFrame && (header[4] & AckFlag) != 0) return new(HealthStatus.Passing, "HTTP2 ping was successful");
        }
    }

    private static ProbeResult Failed(string text) => new(HealthStatus.Critical, text);
}
