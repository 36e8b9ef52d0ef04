using System.Buffers;
using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Core.Compression;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Compression;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Packets;

/// <summary>What is put around a message before it is sent.</summary>
/// <param name="Compress">Whether it is compressed; in packets only when that makes it shorter.</param>
/// <param name="Checksum">Whether a checksum goes in front: for packets to members that take one.</param>
/// <param name="Key">The key to encrypt with, or null.</param>
/// <param name="Version">How to encrypt.</param>
internal readonly record struct Wrapping(bool Compress, bool Checksum, GossipKey? Key, SealVersion Version = SealVersion.Plain);

/// <summary>Wraps messages for sending: compression, checksum, encryption, label, in this order. One instance serves all pools of a thread.</summary>
internal sealed class PacketWriter : IDisposable
{
    private const int InitialBytes = 2048, EncryptHeaderBytes = 5;

    private readonly PooledBuffer _packed = new(InitialBytes);
    private readonly PooledBuffer _plain = new(InitialBytes);
    private readonly LzwEncoder _lzw = new();

    /// <summary>Writes a packet.</summary>
    /// <param name="message">A message with its type byte.</param>
    /// <param name="wrapping">What goes around it.</param>
    /// <param name="label">The pool's label, usually empty.</param>
    /// <param name="nonce">Twelve bytes that never come again, when there is a key.</param>
    /// <param name="output">Where the packet goes.</param>
    public void WritePacket(ReadOnlySpan<byte> message, in Wrapping wrapping, ReadOnlySpan<byte> label, ReadOnlySpan<byte> nonce, IBufferWriter<byte> output)
    {
        _plain.Clear();
        if (wrapping.Compress && Pack(message) < message.Length) message = _packed.WrittenSpan;
        if (wrapping.Checksum)
        {
            var header = _plain.GetSpan(1 + sizeof(uint));
            header[0] = (byte)MessageType.HasCrc;
            BinaryPrimitives.WriteUInt32BigEndian(header[1..], Crc32.Append(0, message));
            _plain.Advance(1 + sizeof(uint));
            _plain.Write(message);
            message = _plain.WrittenSpan;
        }
        WriteLabel(label, output);
        if (wrapping.Key is null) output.Write(message);
        else PacketSeal.Seal(wrapping.Key, wrapping.Version, nonce, label, message, output);
    }

    /// <summary>Writes one side of a stream. The answering side writes no label, but encrypts with it.</summary>
    public void WriteStream(ReadOnlySpan<byte> message, in Wrapping wrapping, ReadOnlySpan<byte> label, bool isAnswer, ReadOnlySpan<byte> nonce, IBufferWriter<byte> output)
    {
        if (wrapping.Compress)
        {
            Pack(message);
            message = _packed.WrittenSpan;
        }
        if (!isAnswer) WriteLabel(label, output);
        if (wrapping.Key is null)
        {
            output.Write(message);
            return;
        }
        Span<byte> associated = stackalloc byte[EncryptHeaderBytes + GossipLimits.LabelBytesMax];
        associated[0] = (byte)MessageType.Encrypt;
        BinaryPrimitives.WriteInt32BigEndian(associated[1..], PacketSeal.SizeOf(message.Length, wrapping.Version));
        label.CopyTo(associated[EncryptHeaderBytes..]);
        output.Write(associated[..EncryptHeaderBytes]);
        PacketSeal.Seal(wrapping.Key, wrapping.Version, nonce, associated[..(EncryptHeaderBytes + label.Length)], message, output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packed.Dispose();
        _plain.Dispose();
    }

    private int Pack(ReadOnlySpan<byte> message)
    {
        _plain.Clear();
        _lzw.Encode(message, _plain);
        _packed.Clear();
        GossipCodec.Encode(_packed, new Compressed { Algorithm = Compressed.Lzw, Content = _plain.WrittenSpan });
        _plain.Clear();
        return _packed.WrittenCount;
    }

    private static void WriteLabel(ReadOnlySpan<byte> label, IBufferWriter<byte> output)
    {
        if (label.IsEmpty) return;
        output.Advance(Label.Write(label, output.GetSpan(Label.SizeOf(label.Length))));
    }
}
