using System.Net;
using System.Net.Sockets;
using Conclave.Rpc;

namespace Conclave.Hosting;

/// <summary>Opens Raft connections to other servers.</summary>
internal static class RaftDialer
{
    private static readonly byte[] s_preface = [(byte)ConnectionKind.Raft];

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>Connects and says what the connection is for.</summary>
    /// <exception cref="IOException">Nobody answers there, in time.</exception>
    public static async Task<NetworkStream> DialAsync(string address, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(address, out var endPoint) || endPoint.Port == 0) throw new IOException($"{address} is no address");
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Timeout);
            await socket.ConnectAsync(endPoint, limit.Token).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(s_preface, limit.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            stop.ThrowIfCancellationRequested();
            throw new IOException(failure is SocketException ? failure.Message : $"no connection within {Timeout.TotalSeconds} s", failure);
        }
    }
}
