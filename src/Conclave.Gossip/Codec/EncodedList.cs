using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Gossip.Codec;

/// <summary>
/// A list or map that stays in its encoded form and is decoded element by element while it is walked over, in the order received. It was checked once when
/// it was read, so walking cannot fail, and however many elements it has, they cost no memory. The default is nil, which differs from empty on the wire.
/// </summary>
internal readonly ref struct EncodedList<T> where T : IGossipValue<T>, allows ref struct
{
    private readonly bool _isThere;
    private readonly ReadOnlySpan<byte> _encoded;

    /// <summary>Takes elements (of a map: pairs) that are encoded already, without a header in front.</summary>
    public EncodedList(ReadOnlySpan<byte> encoded, int count)
    {
        _encoded = encoded;
        _isThere = true;
        Count = count;
    }

    public int Count { get; }

    public bool IsNil => !_isThere;

    public static EncodedList<T> ReadArray(scoped ref MsgPackReader reader) => reader.TryReadNil() ? default : ReadElements(ref reader, reader.ReadArrayHeader());

    public static EncodedList<T> ReadMap(scoped ref MsgPackReader reader) => reader.TryReadNil() ? default : ReadElements(ref reader, reader.ReadMapHeader());

    /// <summary>Reads elements that follow each other without a header.</summary>
    public static EncodedList<T> ReadElements(scoped ref MsgPackReader reader, int count)
    {
        long start = reader.Offset;
        for (int i = 0; i < count; i++) T.Read(ref reader);
        return new(reader.ReadSince(start), count);
    }

    public void WriteArray(ref MsgPackWriter writer)
    {
        if (IsNil)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(Count);
        WriteElements(ref writer);
    }

    public void WriteMap(ref MsgPackWriter writer)
    {
        if (IsNil)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(Count);
        WriteElements(ref writer);
    }

    // Written from their values, not copied: what a foreign sender wrote in another form leaves in ours.
    public void WriteElements(ref MsgPackWriter writer)
    {
        foreach (var element in this) element.Write(ref writer);
    }

    public Enumerator GetEnumerator() => new(_encoded, Count);

    public ref struct Enumerator(ReadOnlySpan<byte> encoded, int count)
    {
        private MsgPackReader _reader = new(encoded);
        private int _left = count;

        public T Current { get; private set; } = default!;

        public bool MoveNext()
        {
            if (_left == 0) return false;
            _left--;
            Current = T.Read(ref _reader);
            return true;
        }
    }
}

/// <summary>Collects elements for an <see cref="EncodedList{T}"/>. The list borrows from the builder until that changes or is disposed.</summary>
internal sealed class EncodedListBuilder<T>(int bytesMax) : IDisposable where T : IGossipValue<T>, allows ref struct
{
    private const int InitialBytes = 512;

    private readonly PooledBuffer _buffer = new(InitialBytes, bytesMax);

    public int Count { get; private set; }

    public EncodedList<T> List => new(_buffer.WrittenSpan, Count);

    /// <exception cref="BufferFullException">The bound in bytes would be passed.</exception>
    public void Add(scoped in T element)
    {
        var writer = new MsgPackWriter(_buffer);
        element.Write(ref writer);
        writer.Flush();
        Count++;
    }

    public void Clear()
    {
        _buffer.Clear();
        Count = 0;
    }

    public void Dispose() => _buffer.Dispose();
}
