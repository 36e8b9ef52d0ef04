using System.IO.Pipelines;
using Conclave.Core.Codec;
using Conclave.Http.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Conclave.Http.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData("/v1/kv/some/key")]
    [InlineData("/v1/kv/some/key?raw")]
    [InlineData("/v1/kv/some/key?stale&pretty")]
    [InlineData("/v1/kv/some%2Fkey?dc=dc1&consistent")]
    [InlineData("/v1/kv/missing")]
    public async Task Reading_a_key_allocates_nothing_of_ours(string target)
    {
        var gateway = new MemoryGateway();
        await gateway.ApplyAsync(CommandCodec.EncodeKv("set", "some/key"u8, new("value"u8.ToArray()), true, 7, "", 0), default);
        var frontEnd = StateServer.Compose(gateway, new HttpOptions(), out _);
        var transport = new FakeTransport(target);
        // The first rounds fill what is kept: buffers, header slots, texts of indexes.
        for (var i = 0; i < 200; i++) Serve(frontEnd, transport);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Serve(frontEnd, transport);
        var perRequest = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0;
        Assert.True(perRequest < 1, $"{perRequest} bytes per request");
        Assert.True(transport.BytesWritten > 0 || target.Contains("missing"));
    }

    private static void Serve(Server.HttpFrontEnd frontEnd, FakeTransport transport)
    {
        transport.Reset();
        var context = frontEnd.CreateContext(transport);
        var done = frontEnd.ProcessRequestAsync(context);
        Assert.True(done.IsCompletedSuccessfully);
        frontEnd.DisposeContext(context, null);
    }

    /// <summary>As much of a transport as a request needs, allocating nothing itself.</summary>
    private sealed class FakeTransport(string target) : FeatureCollection, IFeatureCollection, IHttpRequestFeature, IHttpResponseFeature, IHttpResponseBodyFeature,
        Microsoft.AspNetCore.Hosting.Server.Abstractions.IHostContextContainer<Requests.ApiRequest>
    {
        private readonly CountingWriter _writer = new();

        public long BytesWritten => _writer.Count;

        public Requests.ApiRequest? HostContext { get; set; }

        public string Protocol { get; set; } = "HTTP/1.1";
        public string Scheme { get; set; } = "http";
        public string Method { get; set; } = "GET";
        public string PathBase { get; set; } = "";
        public string Path { get; set; } = "";
        public string QueryString { get; set; } = "";
        public string RawTarget { get; set; } = target;
        public int StatusCode { get; set; }
        public string? ReasonPhrase { get; set; }
        public bool HasStarted => false;
        public PipeWriter Writer => _writer;
        public Stream Stream => throw new NotSupportedException();
        Stream IHttpRequestFeature.Body { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        Stream IHttpResponseFeature.Body { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        IHeaderDictionary IHttpRequestFeature.Headers { get; set; } = new HeaderDictionary();
        IHeaderDictionary IHttpResponseFeature.Headers { get; set; } = new FixedHeaders();

        TFeature? IFeatureCollection.Get<TFeature>() where TFeature : default => this is TFeature feature ? feature : default;

        public void Reset() => StatusCode = 0;

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;

        public void OnStarting(Func<object, Task> callback, object state) => throw new NotSupportedException();

        public void OnCompleted(Func<object, Task> callback, object state) => throw new NotSupportedException();
    }

    /// <summary>Headers that keep numbers as numbers, as the real transport's do.</summary>
    private sealed class FixedHeaders : Dictionary<string, Microsoft.Extensions.Primitives.StringValues>, IHeaderDictionary
    {
        public long? ContentLength { get; set; }

        Microsoft.Extensions.Primitives.StringValues IHeaderDictionary.this[string key]
        {
            get => TryGetValue(key, out var value) ? value : default;
            set => this[key] = value;
        }
    }

    private sealed class CountingWriter : PipeWriter
    {
        private readonly byte[] _buffer = new byte[64 * 1024];

        public long Count { get; private set; }

        public override void Advance(int bytes) => Count += bytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushResult(false, false));
    }
}
