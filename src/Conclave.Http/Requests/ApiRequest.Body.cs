using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Conclave.Http.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Http.Requests;

public sealed partial class ApiRequest
{
    /// <summary>
    /// Reads the whole body, counting bytes as they arrive (a chunked body has no length to trust). The bytes stay in the transport's buffers:
    /// use them, then call <see cref="ReleaseBody"/> before waiting for anything else.
    /// </summary>
    /// <param name="bytesMax">Most bytes accepted.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RequestBody> ReadBodyAsync(long bytesMax)
    {
        var announced = _request.Headers.ContentLength ?? 0;
        if (announced > bytesMax) return new RequestBody(default, announced, TooLarge: true);
        var reader = BodyReader();
        while (true)
        {
            var result = await reader.ReadAsync().ConfigureAwait(false);
            var bytes = result.Buffer;
            if (bytes.Length > bytesMax)
            {
                long length = bytes.Length;
                reader.AdvanceTo(bytes.End);                   // the buffers are gone after this, and their length with them
                return new RequestBody(default, length, TooLarge: true);
            }
            if (result.IsCompleted)
            {
                _bodyEnd = bytes.End;
                _bodyHeld = true;
                return new RequestBody(bytes, bytes.Length, TooLarge: false);
            }
            reader.AdvanceTo(bytes.Start, bytes.End);
        }
    }

    /// <summary>Gives the body's buffers back to the transport.</summary>
    public void ReleaseBody()
    {
        if (!_bodyHeld) return;
        _bodyHeld = false;
        BodyReader().AdvanceTo(_bodyEnd);
        _bodyEnd = default;
    }

    /// <summary>The body as a stream of bytes, for bodies that are not held in memory.</summary>
    public PipeReader BodyReader() => _features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;

    /// <summary>Answers 413 for a body above its limit.</summary>
    /// <param name="body">What was read.</param>
    /// <param name="bytesMax">The limit.</param>
    /// <param name="option">Name of the limit in the configuration.</param>
    public ValueTask SendTooLargeAsync(in RequestBody body, long bytesMax, string option) =>
        SendTextAsync(413, $"Request body({body.Length} bytes) too large, max size: {bytesMax} bytes. See https://www.consul.io/docs/agent/options.html#{option}.");

    private SequencePosition _bodyEnd;
    private bool _bodyHeld;
}

/// <summary>A request's body in the transport's buffers.</summary>
/// <param name="Bytes">The bytes; empty when it was too large.</param>
/// <param name="Length">Length in bytes: announced, or read so far when it was too large.</param>
/// <param name="TooLarge">The body is above its limit and was not read to its end.</param>
public readonly record struct RequestBody(ReadOnlySequence<byte> Bytes, long Length, bool TooLarge);
