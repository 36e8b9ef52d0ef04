using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Conclave.Rpc;
using Conclave.Rpc.Grpc;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Hosting.Streaming;

/// <summary>One gRPC call, from its HTTP/2 stream: one message in, any number of messages out, a status at the end.</summary>
/// <param name="features">The stream's request and response.</param>
internal sealed class GrpcCall(IFeatureCollection features)
{
    private const string ContentType = "application/grpc";

    private readonly IHttpRequestFeature _request = features.GetRequiredFeature<IHttpRequestFeature>();
    private readonly IHttpResponseFeature _response = features.GetRequiredFeature<IHttpResponseFeature>();
    private readonly IHttpResponseBodyFeature _body = features.GetRequiredFeature<IHttpResponseBodyFeature>();
    private readonly IHttpRequestLifetimeFeature _lifetime = features.GetRequiredFeature<IHttpRequestLifetimeFeature>();

    /// <summary>Path of the method that is called.</summary>
    public string Path => _request.Path;

    /// <summary>Ends when the caller has gone.</summary>
    public CancellationToken Departure => _lifetime.RequestAborted;

    /// <summary>Where the caller is.</summary>
    public EndPoint? Remote => features.Get<IHttpConnectionFeature>() is { RemoteIpAddress: { } address } connection ? new IPEndPoint(address, connection.RemotePort) : null;

    /// <summary>Whether it is a call at all; else the response says so.</summary>
    public bool IsCall()
    {
        _response.StatusCode = _request.Method != "POST" ? 405 : IsGrpc(_request.Headers.ContentType.ToString()) ? 200 : 415;
        if (_response.StatusCode != 200) return false;
        _response.Headers.ContentType = ContentType;
        return true;
    }

    /// <summary>Reads the caller's message. The bytes are a copy.</summary>
    /// <exception cref="RpcFormatException">There is none, or it breaks the form or the bound.</exception>
    public async ValueTask<byte[]> ReadMessageAsync(int bytesMax, CancellationToken stop)
    {
        var reader = features.Get<IRequestBodyPipeFeature>()?.Reader ?? PipeReader.Create(_request.Body);
        while (true)
        {
            var read = await reader.ReadAsync(stop).ConfigureAwait(false);
            // What lies here is bounded by the stream's window; what is made of it by the bound below.
            if (TryTake(read, bytesMax, out byte[] message)) return message;
            if (read.IsCompleted) throw new RpcFormatException("grpc: the stream ended before its message");
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Sends the headers, so that the caller knows that it was heard.</summary>
    public async ValueTask StartAsync()
    {
        await _body.StartAsync(Departure).ConfigureAwait(false);
        await _body.Writer.FlushAsync(Departure).ConfigureAwait(false);   // what was only started stays here until something is written
    }

    /// <summary>Sends messages that have their prefixes. Completes when they are out or on their way.</summary>
    public ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> messages) => _body.Writer.WriteAsync(messages, Departure);

    /// <summary>Ends the call with a status.</summary>
    public void Finish(GrpcStatus status, string message)
    {
        string number = ((int)status).ToString(CultureInfo.InvariantCulture);
        var to = _response.HasStarted ? features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers : _response.Headers;
        to["grpc-status"] = number;
        if (message.Length > 0) to["grpc-message"] = Encode(message);
    }

    /// <summary>Cuts the stream without a status.</summary>
    public void Abort() => _lifetime.Abort();

    private static bool TryTake(in ReadResult read, int bytesMax, out byte[] message)
    {
        message = [];
        Span<byte> prefix = stackalloc byte[GrpcFraming.PrefixBytes];
        var buffer = read.Buffer;
        if (buffer.Length < prefix.Length) return false;
        buffer.Slice(0, prefix.Length).CopyTo(prefix);
        GrpcFraming.TryRead(prefix, bytesMax, out _);                  // refuses flags and lengths before a copy is made
        int length = (int)BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (buffer.Length < prefix.Length + length) return false;
        message = buffer.Slice(prefix.Length, length).ToArray();
        return true;
    }

    private static bool IsGrpc(string contentType) => contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    // Bytes other than printable ASCII, and the percent sign, as %XX.
    private static string Encode(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(message))
            if (b is >= 0x20 and < 0x7f and not (byte)'%') text.Append((char)b);
            else text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        return text.ToString();
    }
}
