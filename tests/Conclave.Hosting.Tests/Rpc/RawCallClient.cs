using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Mux;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Sends calls byte for byte and gives the replies byte for byte.</summary>
internal sealed class RawCallClient : IMuxOwner, IAsyncDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly StreamMux? _mux;
    private readonly CallCollector _replies = new(64 << 20);
    private MuxStream? _call;
    private ulong _seq = 1000;

    private RawCallClient(TcpClient client, bool single)
    {
        (_client, _stream) = (client, client.GetStream());
        if (!single) _mux = new StreamMux(MuxRole.Client, new(), this, new Instant(1));
    }

    public static async Task<RawCallClient> ConnectAsync(string address, bool single = false)
    {
        var endPoint = IPEndPoint.Parse(address);
        var client = new TcpClient();
        await client.ConnectAsync(endPoint);
        var raw = new RawCallClient(client, single);
        await raw._stream.WriteAsync(new[] { single ? (byte)0 : (byte)4 });
        return raw;
    }

    public async Task<byte[]> CallAsync(byte[] request)
    {
        await SendAsync(request);
        byte[] buffer = new byte[4096];
        while (!_replies.IsComplete)
        {
            int read = await _stream.ReadAsync(buffer);
            if (read == 0) throw new IOException("the server closed the connection");
            if (_mux is null) _replies.Add(buffer.AsSpan(0, read));
            else _mux.OnBytes(buffer.AsSpan(0, read));
        }
        using var reply = _replies.Take();
        return reply.Bytes.ToArray();
    }

    public async Task<string> ErrorOfAsync(string method, params (string Name, string Value)[] fields) => ErrorOf(await CallAsync(Request(method, fields)));

    public async ValueTask DisposeAsync()
    {
        _mux?.Dispose();
        _replies.Dispose();
        await _stream.DisposeAsync();
        _client.Dispose();
    }

    void IMuxOwner.OnOpened(MuxStream stream) => throw new InvalidOperationException("servers open no streams");

    void IMuxOwner.OnData(MuxStream stream, ReadOnlySpan<byte> bytes)
    {
        _mux!.Grant(stream, bytes.Length);
        _replies.Add(bytes);
    }

    void IMuxOwner.OnFinished(MuxStream stream) => _call = null;

    void IMuxOwner.OnEnded(MuxStream stream, MuxStreamEnd end) => _call = null;

    private async Task SendAsync(byte[] request)
    {
        if (_mux is null)
        {
            await _stream.WriteAsync(request);
            return;
        }
        if (_call is null) Assert.True(_mux.TryOpen(out _call));
        var message = new PooledBuffer(request.Length);
        request.CopyTo(message.GetSpan(request.Length));
        message.Advance(request.Length);
        Assert.True(_mux.TrySend(_call, message));
        using var output = new PooledBuffer();
        _mux.Fill(output, int.MaxValue);
        await _stream.WriteAsync(output.WrittenMemory);
    }

    private byte[] Request(string method, (string Name, string Value)[] fields)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        new RpcCallHeader { Seq = ++_seq, ServiceMethod = Encoding.UTF8.GetBytes(method) }.Write(ref writer);
        writer.WriteMapHeader(fields.Length);
        foreach (var (name, value) in fields) writer.WriteField(Encoding.UTF8.GetBytes(name), value);
        writer.Flush();
        return buffer.ToArray();
    }

    /// <summary>The error that a reply bears; empty for none.</summary>
    public static string ErrorOf(byte[] reply)
    {
        var reader = new MsgPackReader(reply);
        return Encoding.UTF8.GetString(RpcReplyHeader.Read(ref reader).Error);
    }
}
