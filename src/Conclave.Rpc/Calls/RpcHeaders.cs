using System.Buffers.Binary;
using Conclave.Core.Codec;

namespace Conclave.Rpc.Calls;

/// <summary>What stands before the argument of a call. Borrows from the input.</summary>
public readonly ref struct RpcCallHeader
{
    private static readonly FieldNames s_fields = new("ServiceMethod", "Seq", "Forwarded");

    /// <summary>The caller's number for this call, echoed in the reply.</summary>
    public ulong Seq { get; init; }

    /// <summary>What is called, such as <c>KVS.Get</c>, as text.</summary>
    public ReadOnlySpan<byte> ServiceMethod { get; init; }

    /// <summary>
    /// A server sent the call on to the one that it believes to lead, which must not send it on again. Of our own: peers pass over the field, and never send it.
    /// </summary>
    public bool IsForwarded { get; init; }

    /// <summary>Reads the header; the reader then stands at the argument.</summary>
    /// <exception cref="MsgPackException">Not a header: close the stream.</exception>
    public static RpcCallHeader Read(scoped ref MsgPackReader reader)
    {
        ulong seq = 0;
        bool isForwarded = false;
        ReadOnlySpan<byte> serviceMethod = default;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: serviceMethod = reader.ReadTextSpan(); break;
                case 1: seq = reader.ReadUInt64(); break;
                case 2: isForwarded = WireValues.ReadBool(ref reader); break;
            }
        return new() { Seq = seq, ServiceMethod = serviceMethod, IsForwarded = isForwarded };
    }

    /// <summary>Writes the header; the argument must follow.</summary>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(IsForwarded ? 3 : 2);
        if (IsForwarded) writer.WriteField("Forwarded"u8, true);
        writer.WriteField("Seq"u8, Seq);
        writer.WriteField("ServiceMethod"u8, ServiceMethod);
    }
}

/// <summary>What stands before the result of a call. Borrows from the input.</summary>
public readonly ref struct RpcReplyHeader
{
    private static readonly FieldNames s_fields = new("ServiceMethod", "Seq", "Error", "Applied");

    /// <summary>What went wrong, as text; empty when nothing did. A result follows in any case: an empty map beside an error.</summary>
    public ReadOnlySpan<byte> Error { get; init; }

    /// <summary>The number of the call.</summary>
    public ulong Seq { get; init; }

    /// <summary>What was called.</summary>
    public ReadOnlySpan<byte> ServiceMethod { get; init; }

    /// <summary>
    /// How far the answering server had applied the log when it answered a call that was sent on; 0 when it does not say. Of our own: peers neither send it nor are sent it.
    /// </summary>
    public ulong Applied { get; init; }

    /// <summary>Reads the header; the reader then stands at the result.</summary>
    /// <exception cref="MsgPackException">Not a header: close the stream.</exception>
    public static RpcReplyHeader Read(scoped ref MsgPackReader reader)
    {
        ulong seq = 0, applied = 0;
        ReadOnlySpan<byte> serviceMethod = default, error = default;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: serviceMethod = reader.ReadTextSpan(); break;
                case 1: seq = reader.ReadUInt64(); break;
                case 2: error = reader.ReadTextSpan(); break;
                case 3: applied = ReadApplied(reader.ReadTextSpan()); break;
            }
        return new() { Error = error, Seq = seq, ServiceMethod = serviceMethod, Applied = applied };
    }

    // A reply's header must stay within the bound that its readers have.
    private const int ErrorCharsMax = CallScanner.HeaderBytesMax / 8;

    /// <summary>Writes a whole reply that says what went wrong, cut to some pages of text.</summary>
    public static void WriteError(ref MsgPackWriter writer, ulong seq, ReadOnlySpan<byte> serviceMethod, string error)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("Error"u8, error.Length > ErrorCharsMax ? error[..ErrorCharsMax] : error);
        writer.WriteField("Seq"u8, seq);
        writer.WriteField("ServiceMethod"u8, serviceMethod);
        writer.WriteMapHeader(0);
    }

    /// <summary>
    /// Writes the header for a call that was sent on; the result must follow. What was applied is known only when that is there, so its eight bytes are left open: they end at
    /// the offset that is given back, counted from where the header begins.
    /// </summary>
    public int WriteWithRoomForApplied(ref MsgPackWriter writer)
    {
        const int NameBytes = 8, TextHeaderBytes = 1;                  // "Applied" with its header
        writer.WriteMapHeader(4);
        writer.WriteField("Applied"u8, stackalloc byte[sizeof(ulong)]);
        WriteFields(ref writer);
        return 1 + NameBytes + TextHeaderBytes + sizeof(ulong);
    }

    /// <summary>Writes the header; the result must follow.</summary>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(3);
        WriteFields(ref writer);
    }

    private static ulong ReadApplied(ReadOnlySpan<byte> bytes) => bytes.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    private void WriteFields(ref MsgPackWriter writer)
    {
        writer.WriteField("Error"u8, Error);
        writer.WriteField("Seq"u8, Seq);
        writer.WriteField("ServiceMethod"u8, ServiceMethod);
    }
}
