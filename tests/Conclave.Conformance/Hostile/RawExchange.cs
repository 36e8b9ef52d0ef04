using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Conclave.Conformance.Hostile;

/// <summary>Sends bytes that no decent client sends, and keeps what comes back.</summary>
internal static class RawExchange
{
    /// <summary>Everything the server sent until it closed the connection or said nothing for a while.</summary>
    public static async Task<string> SendAsync(IPEndPoint server, byte[] bytes, CancellationToken stop)
    {
        using var socket = await ConnectAsync(server, stop);
        var sending = SendAllAsync(socket, bytes, stop);
        var answer = await ReceiveAsync(socket, stop);
        await sending;
        return answer;
    }

    public static Task<string> SendAsync(IPEndPoint server, string text, CancellationToken stop) => SendAsync(server, Encoding.Latin1.GetBytes(text), stop);

    public static async Task<Socket> ConnectAsync(IPEndPoint server, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, stop);
        return socket;
    }

    private static async Task SendAllAsync(Socket socket, byte[] bytes, CancellationToken stop)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent), stop);
        }
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // The server has heard enough; what it said is read beside this.
            return;
        }
    }

    private static async Task<string> ReceiveAsync(Socket socket, CancellationToken stop)
    {
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
                // The first answer may take its time on a busy machine; after it only a second one could follow at once.
                silence.CancelAfter(answer.Length == 0 ? TimeSpan.FromSeconds(15) : TimeSpan.FromMilliseconds(500));
                var received = await socket.ReceiveAsync(buffer, silence.Token);
                if (received == 0) return answer.ToString();
                answer.Append(Encoding.Latin1.GetString(buffer, 0, received));
            }
        }
        catch (Exception end) when (end is SocketException || (end is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // Reset or silent: that is the end of the exchange.
            return answer.ToString();
        }
    }
}
