using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Conclave.Load.Net;

/// <summary>One HTTP/1.1 connection with one request at a time, doing as little as possible, so that the server's work is what is measured.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer;
    private int _filled;

    private Connection(Socket socket, int bufferBytes)
    {
        _socket = socket;
        _buffer = new byte[bufferBytes];
    }

    public static async Task<Connection> OpenAsync(IPEndPoint server, int bufferBytes = 4096)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server);
            return new Connection(socket, bufferBytes);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<Answer> AskAsync(ReadOnlyMemory<byte> request)
    {
        await SendAsync(request);
        return await ReceiveAsync();
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> request)
    {
        for (var sent = 0; sent < request.Length;) sent += await _socket.SendAsync(request[sent..]);
    }

    public async ValueTask<Answer> ReceiveAsync()
    {
        _filled = 0;
        int headEnd;
        while ((headEnd = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0) await FillAsync();
        var head = ResponseHead.Parse(_buffer.AsSpan(0, headEnd + 2));
        var bodyStart = headEnd + 4;
        if (head.IsChunked) return await ReceiveChunksAsync(head, bodyStart);
        while (_filled < bodyStart + head.ContentLength) await FillAsync();
        return new Answer(head.Status, head.Index, _buffer.AsMemory(bodyStart, head.ContentLength));
    }

    private async ValueTask<Answer> ReceiveChunksAsync(ResponseHead head, int bodyStart)
    {
        // Chunks are moved together in place; the body never grows by that.
        var (read, written) = (bodyStart, bodyStart);
        while (true)
        {
            int lineEnd;
            while ((lineEnd = _buffer.AsSpan(read, _filled - read).IndexOf("\r\n"u8)) < 0) await FillAsync();
            if (!Utf8Parser.TryParse(_buffer.AsSpan(read, lineEnd), out int size, out _, 'x')) throw new IOException("the answer has a chunk without a size");
            read += lineEnd + 2;
            while (_filled < read + size + 2) await FillAsync();
            if (size == 0) return new Answer(head.Status, head.Index, _buffer.AsMemory(bodyStart, written - bodyStart));
            _buffer.AsSpan(read, size).CopyTo(_buffer.AsSpan(written));
            written += size;
            read += size + 2;
        }
    }

    private async ValueTask FillAsync()
    {
        if (_filled == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var received = await _socket.ReceiveAsync(_buffer.AsMemory(_filled));
        if (received == 0) throw new IOException("the server closed the connection");
        _filled += received;
    }

    /// <summary>Leaves without a word, as a crashed client does.</summary>
    public void Vanish()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();
}
