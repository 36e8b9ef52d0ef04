using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Conclave.Conformance.Player;

/// <summary>
/// HTTP/1.1 that sends exactly what it is told. The platform's client tidies targets (<c>%2F</c>, dot segments, doubled slashes) before they
/// leave, and those are among the things under test. One connection per request.
/// </summary>
internal sealed class RawHttpClient(IPEndPoint server)
{
    private const int HeadBytesMax = 256 * 1024;

    public IPEndPoint Server { get; } = server;

    /// <summary>Longest time from sending to the last byte of the answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(35);

    public async Task<RawResponse> SendAsync(RawRequest request, CancellationToken stop = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(Timeout);
        var begun = TimeProvider.System.GetTimestamp();
        using var socket = new Socket(Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Server, deadline.Token);
        await SendAllAsync(socket, request, deadline.Token);
        var reader = new Reader(socket, deadline.Token);
        return await ReadResponseAsync(reader, request.Method, begun);
    }

    private async Task SendAllAsync(Socket socket, RawRequest request, CancellationToken stop)
    {
        var bytes = Serialize(request);
        try
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += await socket.SendAsync(bytes.AsMemory(sent), stop);
        }
        catch (SocketException problem) when (problem.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // A server may answer and close before it has read everything; its answer is still there to be read.
        }
    }

    private byte[] Serialize(RawRequest request)
    {
        var head = new StringBuilder();
        head.Append(request.Method).Append(' ').Append(request.Target).Append(" HTTP/1.1\r\n");
        if (!request.Has("Host")) head.Append("Host: ").Append(Server).Append("\r\n");
        if (!request.Has("Accept-Encoding")) head.Append("Accept-Encoding: identity\r\n");
        if (!request.Chunked && !request.Has("Content-Length") && request.Body is not null)
            head.Append("Content-Length: ").Append(request.Body.Length).Append("\r\n");
        foreach (var (name, value) in request.Headers) head.Append(name).Append(": ").Append(value).Append("\r\n");
        if (request.Chunked) head.Append("Transfer-Encoding: chunked\r\n");
        head.Append("\r\n");

        var body = request.Body ?? [];
        if (!request.Chunked) return [.. Encoding.Latin1.GetBytes(head.ToString()), .. body];
        if (body.Length > 0) head.Append(body.Length.ToString("x", CultureInfo.InvariantCulture)).Append("\r\n");
        var tail = body.Length > 0 ? "\r\n0\r\n\r\n"u8 : "0\r\n\r\n"u8;
        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. body, .. tail];
    }

    private static async Task<RawResponse> ReadResponseAsync(Reader reader, string method, long begun)
    {
        while (true)
        {
            var statusLine = await reader.ReadLineAsync();
            var parts = statusLine.Split(' ', 3);
            if (parts.Length < 2 || !parts[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !int.TryParse(parts[1], out var status))
                throw new IOException($"not an HTTP status line: {statusLine}");
            var headers = await ReadHeadersAsync(reader);
            if (status is >= 100 and < 200) continue;
            var body = method == "HEAD" || status is 204 or 304 ? [] : await ReadBodyAsync(reader, headers);
            return new RawResponse(status, headers, body, begun, TimeProvider.System.GetTimestamp());
        }
    }

    private static async Task<List<KeyValuePair<string, string>>> ReadHeadersAsync(Reader reader)
    {
        var headers = new List<KeyValuePair<string, string>>();
        for (var size = 0; await reader.ReadLineAsync() is { Length: > 0 } line; size += line.Length)
        {
            if (size > HeadBytesMax) throw new IOException("the headers of the answer have no end");
            var colon = line.IndexOf(':');
            if (colon <= 0) throw new IOException($"not a header: {line}");
            headers.Add(new(line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }
        return headers;
    }

    private static async Task<byte[]> ReadBodyAsync(Reader reader, List<KeyValuePair<string, string>> headers)
    {
        string? Find(string name) => headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

        if (Find("Transfer-Encoding") is { } coding && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)) return await ReadChunksAsync(reader);
        return Find("Content-Length") is { } length ? await reader.ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture)) : await reader.ReadToEndAsync();
    }

    private static async Task<byte[]> ReadChunksAsync(Reader reader)
    {
        using var body = new MemoryStream();
        while (true)
        {
            var line = await reader.ReadLineAsync();
            var size = int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0) break;
            body.Write(await reader.ReadExactlyAsync(size));
            await reader.ReadLineAsync();
        }
        await ReadHeadersAsync(reader);
        return body.ToArray();
    }

    /// <summary>Buffered reading of one connection.</summary>
    private sealed class Reader(Socket socket, CancellationToken stop)
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private int _from;
        private int _to;

        public async Task<string> ReadLineAsync()
        {
            var line = new List<byte>();
            while (true)
            {
                if (_from == _to && !await FillAsync()) throw new IOException(line.Count == 0 ? "the server closed the connection" : "the answer ends in the middle of a line");
                var next = _buffer[_from++];
                if (next == '\n') break;
                if (line.Count > HeadBytesMax) throw new IOException("a line of the answer has no end");
                line.Add(next);
            }
            if (line is [.., (byte)'\r']) line.RemoveAt(line.Count - 1);
            return Encoding.Latin1.GetString(line.ToArray());
        }

        public async Task<byte[]> ReadExactlyAsync(int count)
        {
            var result = new byte[count];
            for (var filled = 0; filled < count;)
            {
                if (_from == _to && !await FillAsync()) throw new IOException($"the body ends after {filled} of {count} bytes");
                var part = Math.Min(_to - _from, count - filled);
                _buffer.AsSpan(_from, part).CopyTo(result.AsSpan(filled));
                _from += part;
                filled += part;
            }
            return result;
        }

        public async Task<byte[]> ReadToEndAsync()
        {
            using var body = new MemoryStream();
            do
            {
                body.Write(_buffer, _from, _to - _from);
                _from = _to;
            }
            while (await FillAsync());
            return body.ToArray();
        }

        private async Task<bool> FillAsync()
        {
            _from = 0;
            _to = await socket.ReceiveAsync(_buffer, stop);
            return _to > 0;
        }
    }
}
