using System.Buffers;
using System.Text;
using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>
/// Turns requests into log commands (type byte + MessagePack body, tokens blanked) and back. The bytes are those of Consul 1.10: every field, sorted by name,
/// old dialect. Bytes after the body are ignored when decoding, as the peers do.
/// </summary>
public static class CommandCodec
{
    /// <summary>Bit of the type byte that lets a peer skip a command it does not know.</summary>
    public const byte Ignorable = 128;

    private const int InitialBytes = 1024;

    /// <summary>Encodes a key operation straight from the request body: one copy of the value, at its final place, in a right-sized array.</summary>
    public static byte[] EncodeKv(string op, ReadOnlySpan<byte> key, ReadOnlySequence<byte> value, bool hasValue, ulong flags, string session, ulong casIndex)
    {
        int opBytes = Encoding.UTF8.GetByteCount(op), sessionBytes = Encoding.UTF8.GetByteCount(session);
        int size = 1 + KvRequestCodec.SizeOf(opBytes, key.Length, value.Length, hasValue, flags, sessionBytes, casIndex);
        var command = GC.AllocateUninitializedArray<byte>(size);
        command[0] = (byte)CommandType.KVS;
        var writer = new MsgPackWriter(command.AsSpan(1));
        KvRequestCodec.Write(ref writer, op, key, value, hasValue, flags, session, casIndex);
        Invariant.Require(writer.BytesWritten == size - 1, "the size of a key command was computed right");
        return command;
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(KvRequest request)
    {
        using var buffer = new PooledBuffer(InitialBytes + request.Entry.Value.Length);
        var writer = Begin(buffer, (byte)CommandType.KVS);
        KvRequestCodec.Write(ref writer, request, token: "");
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(RegisterRequest request)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.Register);
        RegisterRequestCodec.Write(ref writer, request, token: "");
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(DeregisterRequest request)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.Deregister);
        DeregisterRequestCodec.Write(ref writer, request, token: "");
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(SessionRequest request)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.Session);
        SessionRequestCodec.Write(ref writer, request, token: "");
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(TxnRequest request)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.Txn);
        TxnRequestCodec.Write(ref writer, request, token: "");
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(TombstoneRequest request)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.Tombstone);
        TombstoneRequestCodec.Write(ref writer, request);
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a coordinate batch (type byte 134: may be skipped when unknown).</summary>
    public static byte[] Encode(IReadOnlyList<CoordinateEntry> batch)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.CoordinateBatchUpdate | Ignorable);
        CoordinateCodec.WriteBatch(ref writer, batch);
        return Finish(ref writer, buffer);
    }

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(AutopilotConfig config, bool cas)
    {
        using var buffer = new PooledBuffer(InitialBytes);
        var writer = Begin(buffer, (byte)CommandType.Autopilot);
        writer.WriteMapHeader(4);
        writer.WriteField("CAS"u8, cas);
        writer.WriteKey("Config"u8);
        AutopilotConfigCodec.Write(ref writer, config);
        writer.WriteField("Datacenter"u8, "");
        writer.WriteField("Token"u8, "");
        return Finish(ref writer, buffer);
    }

    /// <summary>Decodes the body of a command (without its type byte). The entry's value is a slice of <paramref name="body"/>.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static KvRequest DecodeKv(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return KvRequestCodec.Read(ref reader);
    }

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static RegisterRequest DecodeRegister(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return RegisterRequestCodec.Read(ref reader);
    }

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static DeregisterRequest DecodeDeregister(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return DeregisterRequestCodec.Read(ref reader);
    }

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static SessionRequest DecodeSession(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return SessionRequestCodec.Read(ref reader);
    }

    /// <summary>Decodes the body of a command. Values of keys are slices of <paramref name="body"/>.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static TxnRequest DecodeTxn(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return TxnRequestCodec.Read(ref reader);
    }

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static TombstoneRequest DecodeTombstone(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return TombstoneRequestCodec.Read(ref reader);
    }

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static IReadOnlyList<CoordinateEntry> DecodeCoordinates(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        return CoordinateCodec.ReadBatch(ref reader);
    }

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static (AutopilotConfig Config, bool Cas) DecodeAutopilot(ReadOnlyMemory<byte> body)
    {
        var reader = new MsgPackReader(body);
        bool cas = false;
        AutopilotConfig? config = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("CAS"u8)) cas = reader.ReadBool();
            else if (key.SequenceEqual("Config"u8)) config = AutopilotConfigCodec.Read(ref reader);
            else reader.Skip();
        }
        return (config ?? AutopilotConfigCodec.Zero, cas);
    }

    private static MsgPackWriter Begin(PooledBuffer buffer, byte type)
    {
        var writer = new MsgPackWriter(buffer);
        writer.WriteRawByte(type);
        return writer;
    }

    private static byte[] Finish(ref MsgPackWriter writer, PooledBuffer buffer)
    {
        writer.Flush();
        return buffer.ToArray();
    }
}
