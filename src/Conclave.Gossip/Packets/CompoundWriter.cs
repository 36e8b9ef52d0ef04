using System.Buffers.Binary;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Packets;

/// <summary>Puts messages together into one, into a buffer of the size that a packet may have. A message alone stays as it is.</summary>
/// <remarks>The header grows with each part, so the parts lie at the buffer's end until the count is known.</remarks>
/// <param name="bytesMax">Size of the first packet; <see cref="Reset"/> sets that of the next.</param>
internal sealed class CompoundWriter(int bytesMax)
{
    private const int HeaderBytes = 2, LengthBytes = 2;

    private readonly int[] _lengths = new int[GossipLimits.CompoundPartsMax];
    private byte[] _parts = new byte[bytesMax];
    private byte[] _message = new byte[bytesMax];
    private int _bytesMax = bytesMax;
    private int _used;

    public int Count { get; private set; }

    /// <summary>Bytes that a further part may have.</summary>
    public int RoomLeft => Count == _lengths.Length ? 0 : Math.Min(ushort.MaxValue, _bytesMax - HeaderBytes - (Count + 1) * LengthBytes - _used);

    /// <summary>Adds a message with its type byte; false when it does not fit.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message)
    {
        if (Count == _lengths.Length || message.Length > RoomLeft) return false;
        message.CopyTo(_parts.AsSpan(_used));
        _used += message.Length;
        _lengths[Count++] = message.Length;
        return true;
    }

    public void Clear()
    {
        Count = 0;
        _used = 0;
    }

    /// <summary>Starts over for a packet of another size.</summary>
    public void Reset(int bytes)
    {
        Clear();
        _bytesMax = bytes;
        if (bytes <= _parts.Length) return;
        _parts = new byte[bytes];
        _message = new byte[bytes];
    }

    /// <summary>The message; lent until the next call.</summary>
    public ReadOnlySpan<byte> Build()
    {
        if (Count == 1) return _parts.AsSpan(0, _used);
        _message[0] = (byte)MessageType.Compound;
        _message[1] = (byte)Count;
        int at = HeaderBytes;
        for (int i = 0; i < Count; i++, at += LengthBytes) BinaryPrimitives.WriteUInt16BigEndian(_message.AsSpan(at), (ushort)_lengths[i]);
        _parts.AsSpan(0, _used).CopyTo(_message.AsSpan(at));
        return _message.AsSpan(0, at + _used);
    }
}
