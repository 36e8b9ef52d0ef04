using System.Buffers;
using Conclave.Http.Json;
using Conclave.Http.Requests;

namespace Conclave.Http.Blocking;

/// <summary>An answer rendered once for all who waited for it: a rented buffer that goes back when the last of them has sent it.</summary>
internal sealed class SharedBody
{
    private const int NotRented = -1;

    private readonly int _length;
    private byte[] _buffer;
    private byte[]? _compressed;
    private int _holders;

    /// <summary>Takes the buffer of <paramref name="json"/>.</summary>
    public SharedBody(JsonOut json, ulong index, bool isMissing, int holders)
    {
        _buffer = json.Detach(out _length);
        Index = index;
        IsMissing = isMissing;
        _holders = holders;
    }

    /// <summary>A body that nobody rented, so that it may be held for as long as anybody likes.</summary>
    public SharedBody(byte[] bytes, ulong index) => (_buffer, _length, Index, _holders) = (bytes, bytes.Length, index, NotRented);

    /// <summary>Index of the answer.</summary>
    public ulong Index { get; }

    /// <summary>The answer is 404 without a body.</summary>
    public bool IsMissing { get; }

    /// <summary>The answer's bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>The answer's bytes compressed; made once.</summary>
    public ReadOnlyMemory<byte> Compressed
    {
        get
        {
            // Two threads may both compress; one result wins and both are right.
            if (Volatile.Read(ref _compressed) is { } ready) return ready;
            var made = ApiRequest.Compress(Bytes.Span);
            return Interlocked.CompareExchange(ref _compressed, made, null) ?? made;
        }
    }

    /// <summary>One holder has sent it.</summary>
    public void Release()
    {
        if (_holders == NotRented || Interlocked.Decrement(ref _holders) != 0) return;
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
