using System.Buffers;
using System.Buffers.Binary;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Compression;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Streams;

/// <summary>
/// Reads what one side of a stream says: one message. Give it everything that has arrived, again and again, until it has enough. It sets nothing aside before
/// the bytes that fill it are there, except for what a compressed message unpacks to, which is measured first.
/// </summary>
/// <param name="label">The pool's label, usually empty.</param>
/// <param name="isAnswer">Whether this is the accepting side's answer, which has no label in front.</param>
/// <param name="keyring">The pool's keys, or null.</param>
/// <param name="mayBePlain">Whether a plain stream is accepted although there are keys.</param>
internal sealed class StreamDecoder(ReadOnlyMemory<byte> label = default, bool isAnswer = false, Keyring? keyring = null, bool mayBePlain = false)
{
    /// <summary>Told to a dialler that does not encrypt.</summary>
    public const string NotEncrypted = "Encryption is configured but remote state is not encrypted";

    /// <summary>Told to a dialler that encrypts without need.</summary>
    public const string NoKeys = "Remote state is encrypted and encryption is not configured";

    private const int EncryptHeaderBytes = 5;

    private bool _isLabelRead = isAnswer;
    private long _start;
    private long _blockBytes;
    private MessageMeter _meter;

    /// <summary>False when more bytes are needed.</summary>
    /// <param name="input">All bytes of this side so far.</param>
    /// <param name="message">The message.</param>
    /// <exception cref="MsgPackException">Malformed.</exception>
    /// <exception cref="GossipFormatException">Malformed, of another pool, or encrypted when it should not be, or the other way round.</exception>
    public bool TryRead(in ReadOnlySequence<byte> input, out StreamMessage message)
    {
        message = default;
        if (!_isLabelRead && !TryReadLabel(input)) return false;
        var rest = input.Slice(_start);
        if (rest.IsEmpty) return false;
        if (_blockBytes == 0 && rest.FirstSpan[0] != (byte)MessageType.Encrypt)
        {
            if (keyring is not null && !mayBePlain) GossipFormatException.Throw(NotEncrypted);
            if (!_meter.TryMeasure(rest, out long size)) return false;
            message = Unpack(rest.Slice(0, size).ToArray());
            return true;
        }
        if (!TryReadBlockLength(rest)) return false;
        if (rest.Length < EncryptHeaderBytes + _blockBytes) return false;
        message = UnpackWhole(Decrypt(rest.Slice(0, EncryptHeaderBytes + _blockBytes).ToArray()));
        return true;
    }

    private bool TryReadLabel(in ReadOnlySequence<byte> input)
    {
        if (input.IsEmpty) return false;
        ReadOnlySpan<byte> received = default;
        if (input.FirstSpan is [(byte)MessageType.HasLabel, ..])
        {
            var reader = new SequenceReader<byte>(input);
            reader.Advance(1);
            if (!reader.TryRead(out byte length)) return false;
            if (length == 0) GossipFormatException.Throw("an empty label");
            if (reader.Remaining < length) return false;
            received = input.Slice(2, length).ToArray();
        }
        if (!received.SequenceEqual(label.Span)) GossipFormatException.Throw("another label");
        _start = Label.SizeOf(received.Length);
        _isLabelRead = true;
        return true;
    }

    private bool TryReadBlockLength(in ReadOnlySequence<byte> rest)
    {
        if (_blockBytes > 0) return true;
        if (keyring is null) GossipFormatException.Throw(NoKeys);
        Span<byte> header = stackalloc byte[EncryptHeaderBytes];
        if (rest.Length < header.Length) return false;
        rest.Slice(0, header.Length).CopyTo(header);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length is < PacketSeal.OverheadBytes or > GossipLimits.EncryptedBlockBytesMax) GossipFormatException.Throw("an encrypted block of impossible length");
        _blockBytes = length;
        return true;
    }

    private byte[] Decrypt(byte[] headerAndBlock)
    {
        Span<byte> associated = stackalloc byte[EncryptHeaderBytes + GossipLimits.LabelBytesMax];
        headerAndBlock.AsSpan(0, EncryptHeaderBytes).CopyTo(associated);
        label.Span.CopyTo(associated[EncryptHeaderBytes..]);
        var block = headerAndBlock.AsSpan(EncryptHeaderBytes);
        var plain = new byte[PacketSeal.PlainBytesMax(block.Length)];
        if (!PacketSeal.TryOpen(keyring!, block, associated[..(EncryptHeaderBytes + label.Length)], plain, out int plainBytes)) GossipFormatException.Throw("no key decrypts the stream");
        return plainBytes == plain.Length ? plain : plain[..plainBytes];
    }

    private static StreamMessage Unpack(byte[] plain)
    {
        if (plain[0] != (byte)MessageType.Compress) return new((MessageType)plain[0], plain.AsMemory(1));
        var compressed = GossipCodec.Decode<Compressed>(plain.AsSpan(1));
        if (compressed.Algorithm != Compressed.Lzw) GossipFormatException.Throw("an unknown way of compression");
        var lzw = new LzwDecoder();
        var unpacked = new byte[lzw.Measure(compressed.Content.Span, GossipLimits.StreamMessageBytesMax)];
        lzw.Decode(compressed.Content.Span, unpacked);
        if (unpacked is [(byte)MessageType.Compress, ..]) GossipFormatException.Throw("compressed twice");
        return UnpackWhole(unpacked);
    }

    // The bytes are all there will be: a message that is not complete in them is malformed.
    private static StreamMessage UnpackWhole(byte[] plain)
    {
        var meter = new MessageMeter();
        if (!meter.TryMeasure(new(plain), out long size)) GossipFormatException.Throw("a message that ends early");
        return Unpack(size == plain.Length ? plain : plain[..(int)size]);
    }
}
