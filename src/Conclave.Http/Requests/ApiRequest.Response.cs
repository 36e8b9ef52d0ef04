using System.Buffers;
using System.IO.Compression;
using System.Text;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Node;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Http.Requests;

public sealed partial class ApiRequest
{
    private const int CompressedBytesMin = 1400;   // Below it the compatible server sends plain bytes too.
    private const int SliceBytes = 64 * 1024;
    private readonly JsonOut _json;

    /// <summary>Starts a JSON answer: write one value to the result, then call <see cref="SendJsonAsync"/>.</summary>
    public JsonOut StartJson()
    {
        _json.Reset(IsPretty);
        return _json;
    }

    /// <summary>Whether this answer is indented.</summary>
    public bool IsPretty => Server.Options.PrettyByDefault || Has(Param.Pretty);

    /// <summary>Headers of the answer; set them before sending.</summary>
    public IHeaderDictionary ResponseHeaders => _response.Headers;

    /// <summary>Sends what was written since <see cref="StartJson"/>.</summary>
    public ValueTask SendJsonAsync(int status = 200)
    {
        _json.Finish();
        return SendAsync(status, "application/json", _json.WrittenMemory);
    }

    /// <summary>Sends the bare JSON literal.</summary>
    public ValueTask SendBoolAsync(bool value)
    {
        StartJson().Bool(value);
        return SendJsonAsync();
    }

    /// <summary>Sends a plain text: an error, mostly.</summary>
    public ValueTask SendTextAsync(int status, string text) => SendAsync(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    /// <summary>Sends an answer without a body and without a content type.</summary>
    public ValueTask SendEmptyAsync(int status = 200)
    {
        _response.StatusCode = status;
        _response.Headers.ContentLength = 0;
        return default;
    }

    /// <summary>Sends 500 with a text; an agent that has made too many calls says 429 and no more, as the compatible one does.</summary>
    public ValueTask SendErrorAsync(string text) => text.EndsWith(ErrorTexts.RateExceeded, StringComparison.Ordinal) ? SendTextAsync(429, "") : SendTextAsync(500, text);

    /// <summary>Sends bytes; they must stay unchanged until the result is complete. Compressed when the client accepts it and they are worth it.</summary>
    public ValueTask SendAsync(int status, string contentType, ReadOnlyMemory<byte> body)
    {
        if (body.Length >= CompressedBytesMin && AcceptsGzip())
        {
            _response.Headers.ContentEncoding = "gzip";
            body = Compress(body.Span);
        }
        return SendReadyAsync(status, contentType, body);
    }

    /// <summary>Sends bytes that are packed already, as they are.</summary>
    internal ValueTask SendPackedAsync(string contentType, ReadOnlyMemory<byte> body) => SendReadyAsync(200, contentType, body);

    /// <summary>Sends what a stream holds, piece by piece as the client takes it. What goes wrong on the way cuts the connection, so that nobody takes a part for the whole.</summary>
    internal async ValueTask SendStreamAsync(string contentType, Stream body)
    {
        _response.StatusCode = 200;
        _response.Headers.ContentType = contentType;
        await _responseBody.StartAsync().ConfigureAwait(false);
        try
        {
            while (true)
            {
                int read = await body.ReadAsync(_responseBody.Writer.GetMemory(SliceBytes), Aborted).ConfigureAwait(false);
                _responseBody.Writer.Advance(read);
                if (read == 0) return;
                var flush = await _responseBody.Writer.FlushAsync().ConfigureAwait(false);
                if (flush.IsCompleted || flush.IsCanceled) return;
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            Abort();
        }
    }

    private ValueTask SendReadyAsync(int status, string contentType, ReadOnlyMemory<byte> body)
    {
        _response.StatusCode = status;
        _response.Headers.ContentType = contentType;
        _response.Headers.ContentLength = body.Length;
        return body.Length == 0 ? default : WriteBody(body);
    }

    /// <summary>Sends an answer that others share; the caller holds it until the result is complete.</summary>
    internal ValueTask SendSharedAsync(string contentType, SharedBody body)
    {
        var bytes = body.Bytes;
        if (bytes.Length >= CompressedBytesMin && AcceptsGzip())
        {
            _response.Headers.ContentEncoding = "gzip";
            bytes = body.Compressed;
        }
        return SendReadyAsync(200, contentType, bytes);
    }

    /// <summary>Cuts the connection without an answer.</summary>
    internal void Abort() => _features.Get<IHttpRequestLifetimeFeature>()?.Abort();

    /// <summary>Whether the head of the answer is on its way.</summary>
    internal bool HasStarted => _response.HasStarted;

    /// <summary>Cuts the connection after this request: its framing or its answer cannot be trusted any more.</summary>
    internal void MarkBroken()
    {
        if (_response.HasStarted) _features.Get<IHttpRequestLifetimeFeature>()?.Abort();
        else _response.Headers.Connection = "close";
    }

    /// <summary>True when the client asked for gzip.</summary>
    internal bool AcceptsGzip()
    {
        var header = _request.Headers.AcceptEncoding;
        if (header.Count == 0) return false;
        var text = header.ToString().AsSpan();
        foreach (var range in text.Split(','))
        {
            var coding = text[range].Trim();
            var parameters = coding.IndexOf(';');
            var name = parameters < 0 ? coding : coding[..parameters].Trim();
            if (!name.Equals("gzip", StringComparison.OrdinalIgnoreCase)) continue;
            return parameters < 0 || !coding[parameters..].Contains("q=0", StringComparison.Ordinal) || coding[parameters..].Contains("q=0.", StringComparison.Ordinal);
        }
        return false;
    }

    internal static byte[] Compress(ReadOnlySpan<byte> body)
    {
        var into = new MemoryStream(body.Length / 4 + 256);
        using (var gzip = new GZipStream(into, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body);
        return into.ToArray();
    }

    private ValueTask WriteBody(ReadOnlyMemory<byte> body)
    {
        var started = _responseBody.StartAsync();
        if (!started.IsCompletedSuccessfully || body.Length > SliceBytes) return WriteSlicesAsync(started, body);
        _responseBody.Writer.Write(body.Span);
        return default;
    }

    // A slow reader holds at most one slice in the transport, and its connection is cut when it falls below the minimum rate.
    private async ValueTask WriteSlicesAsync(Task started, ReadOnlyMemory<byte> body)
    {
        await started.ConfigureAwait(false);
        while (body.Length > 0)
        {
            var slice = body[..Math.Min(body.Length, SliceBytes)];
            body = body[slice.Length..];
            var flush = await _responseBody.Writer.WriteAsync(slice).ConfigureAwait(false);
            if (flush.IsCompleted || flush.IsCanceled) return;
        }
    }
}
