using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Conclave.Core;

/// <summary>
/// A growing buffer of contiguous bytes out of the shared pool, with a bound. Whoever creates it disposes of it; what was lent
/// (<see cref="WrittenSpan"/>, <see cref="WrittenMemory"/>, spans to write to) must not be used afterwards. Not thread-safe.
/// </summary>
public sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private readonly int _bytesMax;
    private byte[] _array;
    private int _written;

    /// <summary>Rents room for <paramref name="initialBytes"/>; the content may grow to <paramref name="bytesMax"/>.</summary>
    public PooledBuffer(int initialBytes = 1024, int bytesMax = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(initialBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(bytesMax);
        _bytesMax = Math.Min(bytesMax, Array.MaxLength);
        _array = ArrayPool<byte>.Shared.Rent(Math.Min(initialBytes, _bytesMax));
    }

    /// <summary>Bytes written so far.</summary>
    public int WrittenCount => _written;

    /// <summary>What was written; lent until the next write or <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _array.AsSpan(0, _written);

    /// <summary>What was written; lent until the next write or <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _array.AsMemory(0, _written);

    /// <summary>A right-sized copy for keeping.</summary>
    public byte[] ToArray() => WrittenSpan.ToArray();

    /// <summary>Forgets the content, keeps the memory.</summary>
    public void Clear() => _written = 0;

    /// <summary>Writes over bytes that were written before, all of them.</summary>
    /// <exception cref="ArgumentException">They reach beyond what was written.</exception>
    public void Overwrite(int offset, scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(_array.AsSpan(0, _written).Slice(offset, bytes.Length));

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count > _array.Length - _written) throw new ArgumentOutOfRangeException(nameof(count), count, "More than was lent.");
        if (count > _bytesMax - _written) ThrowFull();
        _written += count;
    }

    /// <inheritdoc/>
    /// <exception cref="BufferFullException">The bound of this buffer would be passed.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(_written, Math.Min(_array.Length, _bytesMax) - _written);
    }

    /// <inheritdoc/>
    /// <exception cref="BufferFullException">The bound of this buffer would be passed.</exception>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(_written, Math.Min(_array.Length, _bytesMax) - _written);
    }

    /// <summary>Gives the memory back. Harmless when repeated.</summary>
    public void Dispose()
    {
        var array = _array;
        _array = [];
        _written = 0;
        if (array.Length > 0) ArrayPool<byte>.Shared.Return(array);
    }

    private void Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        int needed = Math.Max(sizeHint, 1);
        if (needed > _bytesMax - _written) ThrowFull();
        if (needed <= _array.Length - _written) return;

        long doubled = Math.Min(_bytesMax, Math.Max(256L, _array.Length * 2L));
        var bigger = ArrayPool<byte>.Shared.Rent((int)Math.Max(doubled, _written + (long)needed));
        WrittenSpan.CopyTo(bigger);
        var old = _array;
        _array = bigger;
        if (old.Length > 0) ArrayPool<byte>.Shared.Return(old);
    }

    [DoesNotReturn]
    private void ThrowFull() => throw new BufferFullException(_bytesMax);
}

/// <summary>The bound of a buffer was reached. What is in it stays valid.</summary>
/// <param name="bytesMax">The bound in bytes.</param>
public sealed class BufferFullException(int bytesMax) : Exception($"The content exceeds the bound of {bytesMax} bytes.")
{
    /// <summary>The bound in bytes.</summary>
    public int BytesMax { get; } = bytesMax;
}
