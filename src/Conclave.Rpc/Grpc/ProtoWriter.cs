using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Conclave.Rpc.Grpc;

/// <summary>
/// Writes protobuf messages into memory out of the shared pool. Zero values are left out, as the format wants it, unless a method says otherwise. Whoever creates it disposes of it.
/// Not thread-safe.
/// </summary>
public sealed class ProtoWriter : IDisposable
{
    private const int VarintBytesMax = 10;

    private byte[] _array;
    private int _written;

    /// <summary>Starts empty.</summary>
    public ProtoWriter(int initialBytes = 1024) => _array = ArrayPool<byte>.Shared.Rent(initialBytes);

    /// <summary>Bytes written so far.</summary>
    public int WrittenCount => _written;

    /// <summary>What was written; lent until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _array.AsSpan(0, _written);

    /// <summary>A right-sized copy for keeping.</summary>
    public byte[] ToArray() => WrittenSpan.ToArray();

    /// <summary>Forgets the content, keeps the memory.</summary>
    public void Clear() => _written = 0;

    /// <summary>A number, when it is not zero.</summary>
    public void Write(int field, ulong value)
    {
        if (value == 0) return;
        WriteTag(field, ProtoWire.Varint);
        WriteVarint(value);
    }

    /// <summary>A signed number, when it is not zero; negative ones take ten bytes.</summary>
    public void Write(int field, long value) => Write(field, unchecked((ulong)value));

    /// <summary>A truth value, when it is true.</summary>
    public void Write(int field, bool value) => Write(field, value ? 1UL : 0);

    /// <summary>Text, when there is any.</summary>
    public void Write(int field, string? text)
    {
        if (!string.IsNullOrEmpty(text)) WriteAlways(field, text);
    }

    /// <summary>Text, also an empty one: as an element of a list.</summary>
    public void WriteAlways(int field, string text)
    {
        WriteTag(field, ProtoWire.Bytes);
        int length = Encoding.UTF8.GetByteCount(text);
        WriteVarint((ulong)length);
        Reserve(length);
        _written += Encoding.UTF8.GetBytes(text, _array.AsSpan(_written));
    }

    /// <summary>Bytes, also none.</summary>
    public void WriteAlways(int field, ReadOnlySpan<byte> bytes)
    {
        WriteTag(field, ProtoWire.Bytes);
        WriteVarint((ulong)bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary>A number of eight bytes that the format calls double, also zero.</summary>
    public void WriteAlways(int field, double value)
    {
        WriteTag(field, ProtoWire.Fixed64);
        Reserve(8);
        BinaryPrimitives.WriteDoubleLittleEndian(_array.AsSpan(_written), value);
        _written += 8;
    }

    /// <summary>A number, also zero.</summary>
    public void WriteAlways(int field, ulong value)
    {
        WriteTag(field, ProtoWire.Varint);
        WriteVarint(value);
    }

    /// <summary>Bytes as they are, without a field around them.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_array.AsSpan(_written));
        _written += bytes.Length;
    }

    /// <summary>Begins an inner message; what is written until <see cref="End"/> gets the result is in it. An empty one is there all the same.</summary>
    public int Begin(int field)
    {
        WriteTag(field, ProtoWire.Bytes);
        return _written;
    }

    /// <summary>Ends the inner message that began there.</summary>
    public void End(int begun)
    {
        // The length stands in front and its size depends on it: what was written moves by one to five bytes.
        int length = _written - begun;
        Span<byte> prefix = stackalloc byte[VarintBytesMax];
        int size = Put(prefix, (ulong)length);
        Reserve(size);
        _array.AsSpan(begun, length).CopyTo(_array.AsSpan(begun + size));
        prefix[..size].CopyTo(_array.AsSpan(begun));
        _written += size;
    }

    /// <summary>Leaves room for a prefix of fixed size; gives where it is.</summary>
    public int Leave(int bytes)
    {
        Reserve(bytes);
        int at = _written;
        _written += bytes;
        return at;
    }

    /// <summary>What was left with <see cref="Leave"/>.</summary>
    public Span<byte> At(int position, int bytes) => _array.AsSpan(position, bytes);

    /// <summary>Takes back what was written from there on.</summary>
    public void Truncate(int position) => _written = position;

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] array = _array;
        (_array, _written) = ([], 0);
        if (array.Length > 0) ArrayPool<byte>.Shared.Return(array);
    }

    private void WriteTag(int field, ProtoWire wire) => WriteVarint((ulong)field << 3 | (uint)wire);

    private void WriteVarint(ulong value)
    {
        Reserve(VarintBytesMax);
        _written += Put(_array.AsSpan(_written), value);
    }

    private static int Put(Span<byte> to, ulong value)
    {
        int at = 0;
        for (; value >= 0x80; value >>= 7) to[at++] = (byte)(value | 0x80);
        to[at++] = (byte)value;
        return at;
    }

    private void Reserve(int bytes)
    {
        if (bytes <= _array.Length - _written) return;
        byte[] bigger = ArrayPool<byte>.Shared.Rent(checked((int)Math.Min(Array.MaxLength, Math.Max(_array.Length * 2L, (long)_written + bytes))));
        WrittenSpan.CopyTo(bigger);
        byte[] old = _array;
        _array = bigger;
        if (old.Length > 0) ArrayPool<byte>.Shared.Return(old);
    }
}
