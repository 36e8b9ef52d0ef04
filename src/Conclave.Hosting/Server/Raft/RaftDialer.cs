using System.Net;
using System.Net.Sockets;
using Conclave.Rpc;

namespace Conclave.Hosting;

/// <summary>Opens Raft connections to other servers.</summary>
internal static class RaftDialer
{
    private static readonly byte[] s_preface = [(byte)ConnectionKind.Raft];

    // What asks for a connection is sent anew by the kernel after a second, then after two. After a cut that swallowed it, asking anew ourselves finds the peer sooner; now and then
    // somebody far away gets the time that it needs.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2), ShortTimeout = TimeSpan.FromMilliseconds(500);

    private const int LongEvery = 4;

    /// <summary>Longest wait for the attempt with this number, counted from 0 since the last success.</summary>
    public static TimeSpan TimeoutOf(int attempt) => attempt % LongEvery == 0 ? Timeout : ShortTimeout;

    /// <summary>Connects and says what the connection is for.</summary>
    /// <exception cref="IOException">Nobody answers there, in time.</exception>
    public static Task<NetworkStream> DialAsync(string address, CancellationToken stop) => DialAsync(address, Timeout, stop);

    /// <summary>The same with a time of its own.</summary>
    /// <exception cref="IOException">Nobody answers there, in time.</exception>
    public static async Task<NetworkStream> DialAsync(string address, TimeSpan timeout, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(address, out var endPoint) || endPoint.Port == 0) throw new IOException($"{address} is no address");
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(timeout);
            await socket.ConnectAsync(endPoint, limit.Token).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(s_preface, limit.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            stop.ThrowIfCancellationRequested();
            throw new IOException(failure is SocketException ? failure.Message : $"no connection within {timeout.TotalSeconds} s", failure);
        }
    }
}
