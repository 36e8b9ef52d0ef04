using System.Buffers.Binary;
using Conclave.Core.Codec;
using Conclave.Core.Compression;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Compression;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Packets;

/// <summary>
/// Takes packets apart: label, encryption, checksum, then compounds and compressions within each other down to single messages. All memory that this ever
/// takes is set aside once, so no packet costs more than time, and that is bounded by <see cref="GossipLimits.PacketUnpackedBytesMax"/>. One instance serves all
/// pools of a thread; what it lends is good until the next call.
/// </summary>
internal sealed class PacketReader
{
    private const int CrcHeaderBytes = 5;

    // The packet without label and encryption, and behind it everything it unpacks to.
    private readonly byte[] _arena = new byte[GossipLimits.PacketBytesMax + GossipLimits.PacketUnpackedBytesMax];
    private readonly Frame[] _frames = new Frame[GossipLimits.PacketNestingMax];
    private readonly LzwDecoder _lzw = new();
    private int _arenaUsed;
    private int _depth;

    /// <summary>Parts of the open packet that could not be used so far. The others still count, as they do for the peers.</summary>
    public int DamagedParts { get; private set; }

    /// <summary>Opens a packet; its messages then come from <see cref="TryNext"/>.</summary>
    /// <param name="packet">The packet, borrowed for this call.</param>
    /// <param name="label">The pool's own label, usually empty; packets with another one are dropped.</param>
    /// <param name="keyring">The pool's keys, or null when it does not encrypt.</param>
    /// <param name="mayBePlain">Whether a packet that does not decrypt is taken as plain, while encryption is being switched on.</param>
    public PacketFault Open(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> label = default, Keyring? keyring = null, bool mayBePlain = false)
    {
        _depth = 0;
        DamagedParts = 0;
        if (packet.IsEmpty) return PacketFault.Empty;
        if (packet.Length > GossipLimits.PacketBytesMax) return PacketFault.TooLong;
        if (!Label.TryRead(packet, out var received, out var rest) || !received.SequenceEqual(label)) return PacketFault.WrongLabel;
        if (!TryTakeIn(rest, label, keyring, mayBePlain)) return PacketFault.NotDecrypted;

        int at = 0;
        if (_arenaUsed >= CrcHeaderBytes && _arena[0] == (byte)MessageType.HasCrc)
        {
            at = CrcHeaderBytes;
            uint expected = BinaryPrimitives.ReadUInt32BigEndian(_arena.AsSpan(1));
            if (Crc32.Append(0, _arena.AsSpan(at, _arenaUsed - at)) != expected) return PacketFault.WrongChecksum;
        }
        if (at == _arenaUsed) return PacketFault.Empty;
        _frames[_depth++] = Frame.Single(at, _arenaUsed - at);
        return PacketFault.None;
    }

    /// <summary>Gives the next message, whose type may be one that has no business in a packet; false when there are no more.</summary>
    public bool TryNext(out MessageType type, out ReadOnlySpan<byte> body)
    {
        while (_depth > 0)
        {
            if (!_frames[_depth - 1].TryTake(_arena, out int at, out int bytes, out bool isDamaged))
            {
                if (isDamaged) DamagedParts++;
                _depth--;
                continue;
            }
            if (bytes == 0)
            {
                DamagedParts++;
                continue;
            }
            type = (MessageType)_arena[at];
            body = _arena.AsSpan(at + 1, bytes - 1);
            switch (type)
            {
                case MessageType.Compound: OpenCompound(at + 1, bytes - 1); break;
                case MessageType.Compress: OpenCompressed(body); break;
                default: return true;
            }
        }
        type = default;
        body = default;
        return false;
    }

    private bool TryTakeIn(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> label, Keyring? keyring, bool mayBePlain)
    {
        if (keyring is not null)
        {
            if (PacketSeal.TryOpen(keyring, packet, label, _arena, out _arenaUsed)) return true;
            if (!mayBePlain) return false;
        }
        packet.CopyTo(_arena);
        _arenaUsed = packet.Length;
        return true;
    }

    private void OpenCompound(int at, int bytes)
    {
        int count = bytes > 0 ? _arena[at] : 0;
        int headerBytes = 1 + count * sizeof(ushort);
        if (bytes == 0 || headerBytes > bytes || _depth == _frames.Length) DamagedParts++;
        else _frames[_depth++] = Frame.Compound(at + 1, count, at + headerBytes, at + bytes);
    }

    private void OpenCompressed(ReadOnlySpan<byte> body)
    {
        if (_depth == _frames.Length || !TryUnpack(body, out int at, out int bytes)) DamagedParts++;
        else _frames[_depth++] = Frame.Single(at, bytes);
    }

    private bool TryUnpack(ReadOnlySpan<byte> body, out int at, out int bytes)
    {
        (at, bytes) = (_arenaUsed, 0);
        try
        {
            var compressed = GossipCodec.Decode<Compressed>(body);
            if (compressed.Algorithm != Compressed.Lzw) return false;
            bytes = _lzw.Measure(compressed.Content.Span, _arena.Length - _arenaUsed);
            _lzw.Decode(compressed.Content.Span, _arena.AsSpan(at, bytes));
            _arenaUsed += bytes;
            return true;
        }
        catch (Exception e) when (e is MsgPackException or GossipFormatException)
        {
            return false;                                            // counted as damaged by the caller
        }
    }

    // What is left of a compound, or a message alone. Places are in the arena.
    private struct Frame
    {
        private int _lengthsAt;
        private int _left;
        private int _at;
        private int _end;
        private bool _isCompound;

        public static Frame Single(int at, int bytes) => new() { _left = 1, _at = at, _end = at + bytes };

        public static Frame Compound(int lengthsAt, int count, int at, int end) => new() { _isCompound = true, _lengthsAt = lengthsAt, _left = count, _at = at, _end = end };

        public bool TryTake(byte[] arena, out int at, out int bytes, out bool isDamaged)
        {
            (at, bytes, isDamaged) = (_at, 0, false);
            if (_left == 0) return false;
            bytes = _isCompound ? BinaryPrimitives.ReadUInt16BigEndian(arena.AsSpan(_lengthsAt)) : _end - _at;
            if (bytes > _end - _at)
            {
                isDamaged = true;                                    // cut off: the parts before it were good
                return false;
            }
            _left--;
            _lengthsAt += sizeof(ushort);
            _at += bytes;
            return true;
        }
    }
}
