using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Conclave.Rpc.Grpc;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>An HTTP/2 client that says first what its connection is for.</summary>
internal sealed class GrpcClient : IDisposable
{
    private readonly HttpClient _http;
    private Socket? _socket;

    public GrpcClient(IPEndPoint address)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                _socket = socket;
                await socket.ConnectAsync(address, stop);
                await socket.SendAsync(new byte[] { 8 }, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://server.dc1"), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact, Timeout = Timeout.InfiniteTimeSpan };
    }

    public Task<GrpcStream> SubscribeAsync(SubscribeRequest request)
    {
        using var writer = new ProtoWriter();
        int begun = GrpcFraming.Begin(writer);
        request.Write(writer);
        GrpcFraming.End(writer, begun);
        return CallAsync(SubscribeRequest.MethodPath, writer.ToArray());
    }

    public async Task<GrpcStream> CallAsync(string path, byte[] body, string contentType = "application/grpc")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new GrpcStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The connection is gone from one moment to the next.</summary>
    public void Break() => _socket!.Close(0);

    public void Dispose() => _http.Dispose();
}

/// <summary>What the server sends on one stream.</summary>
internal sealed class GrpcStream(HttpResponseMessage response, Stream body) : IDisposable
{
    private readonly byte[] _prefix = new byte[GrpcFraming.PrefixBytes];

    public HttpStatusCode HttpStatus => response.StatusCode;

    /// <summary>The next message, without its prefix; null at the end.</summary>
    public async Task<byte[]?> NextAsync()
    {
        if (await body.ReadAtLeastAsync(_prefix, _prefix.Length, throwOnEndOfStream: false, TestContext.Current.CancellationToken) < _prefix.Length) return null;
        byte[] message = new byte[System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(_prefix.AsSpan(1))];
        await body.ReadExactlyAsync(message, TestContext.Current.CancellationToken);
        return message;
    }

    public async Task<StreamedEvent> NextEventAsync() => StreamedEvent.Read(await NextAsync() ?? throw new InvalidOperationException($"ended: {Status} {Message}"));

    /// <summary>Reads to the end; the status.</summary>
    public async Task<GrpcStatus> EndAsync()
    {
        while (await NextAsync() is not null) continue;
        return Status;
    }

    public string Message => Field("grpc-message");

    private GrpcStatus Status => int.TryParse(Field("grpc-status"), out int status) ? (GrpcStatus)status : (GrpcStatus)(-1);

    public void Dispose() => response.Dispose();

    private string Field(string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailing) || response.Headers.TryGetValues(name, out trailing) ? Uri.UnescapeDataString(trailing.Single()) : "";
}

/// <summary>The parts of an event that tests look at.</summary>
internal sealed record StreamedEvent(ulong Index, bool IsEnd, bool IsNewSnapshot, IReadOnlyList<StreamedEvent> Batch, bool IsGone, string Node, string ServiceId)
{
    public static StreamedEvent Read(ReadOnlySpan<byte> message)
    {
        var reader = new ProtoReader(message);
        var read = new StreamedEvent(0, false, false, [], false, "", "");
        while (reader.TryNext(out int field, out var wire))
            switch (field)
            {
                case 1: read = read with { Index = reader.ReadVarint() }; break;
                case 2: read = read with { IsEnd = reader.ReadBool() }; break;
                case 3: read = read with { IsNewSnapshot = reader.ReadBool() }; break;
                case 4: read = read with { Batch = ReadBatch(reader.ReadBytes()) }; break;
                case 10: read = ReadHealth(read, reader.ReadBytes()); break;
                default: reader.Skip(wire); break;
            }
        return read;
    }

    private static List<StreamedEvent> ReadBatch(ReadOnlySpan<byte> message)
    {
        var events = new List<StreamedEvent>();
        var reader = new ProtoReader(message);
        while (reader.TryNext(out _, out _)) events.Add(Read(reader.ReadBytes()));
        return events;
    }

    private static StreamedEvent ReadHealth(StreamedEvent read, ReadOnlySpan<byte> message)
    {
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out _))
            if (field == 1) read = read with { IsGone = reader.ReadVarint() == 1 };
            else
            {
                var row = reader.ReadBytes();
                read = read with { Node = TextIn(row, 1, 2), ServiceId = TextIn(row, 2, 2) };
            }
        return read;
    }

    private static string TextIn(ReadOnlySpan<byte> message, int inner, int wanted)
    {
        var outer = new ProtoReader(message);
        while (outer.TryNext(out int field, out var wire))
        {
            if (field != inner)
            {
                outer.Skip(wire);
                continue;
            }
            var reader = new ProtoReader(outer.ReadBytes());
            while (reader.TryNext(out field, out wire))
                if (field == wanted) return reader.ReadText();
                else reader.Skip(wire);
        }
        return "";
    }
}
