using System.Buffers.Binary;
using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Other bytes for the same call: forms that recorded clients did not choose, but others may.</summary>
internal static class WireForms
{
    /// <summary>Every text, number, map and list with the longest header that there is for it.</summary>
    public static byte[] Widest(byte[] call)
    {
        var output = new MemoryStream();
        var input = new MsgPackReader(call);
        while (!input.IsAtEnd) Widen(ref input, call, output);
        return output.ToArray();
    }

    /// <summary>With fields in the argument that nobody knows, of several kinds.</summary>
    public static byte[] WithMore(byte[] call)
    {
        var input = new MsgPackReader(call);
        input.Skip();
        if (input.NextKind != MsgPackKind.Map) return call;            // config entries travel as texts
        var output = new MemoryStream();
        output.Write(call.AsSpan(0, (int)input.Offset));
        int fields = input.ReadMapHeader();
        int from = (int)input.Offset;
        output.WriteByte(0xde);
        output.Write([(byte)((fields + 3) >> 8), (byte)(fields + 3)]);
        output.Write([0xa6, .. "Later1"u8, 0xc3]);
        output.Write([0xa6, .. "Later2"u8, 0x81, 0xa1, (byte)'x', 0x92, 0xc0, 0xca, 0, 0, 0, 0]);   // a map of a list of nothing and a short float
        output.Write([0xa6, .. "Later3"u8, 0xc4, 0x01, 0xff]);                                  // bytes
        output.Write(call.AsSpan(from));
        return output.ToArray();
    }

    /// <summary>Every call that differs from this one in the kind of one field of the argument: nil, a truth value, a number, a text, a list, a map.</summary>
    public static IEnumerable<byte[]> WithWrongKinds(byte[] call)
    {
        byte[][] values = [[0xc0], [0xc3], [0x00], [0xd0, 0xff], [0xa1, (byte)'x'], [0x91, 0x01], [0x81, 0xa1, (byte)'x', 0x01]];
        foreach (var (from, to) in Fields(call))
            foreach (byte[] value in values)
                yield return [.. call.AsSpan(0, from), .. value, .. call.AsSpan(to)];
    }

    // Where the values of the argument's fields lie; of an argument that is no map, where it lies.
    private static List<(int From, int To)> Fields(byte[] call)
    {
        var input = new MsgPackReader(call);
        input.Skip();
        int argument = (int)input.Offset;
        if (input.NextKind != MsgPackKind.Map) return [(argument, call.Length)];
        var places = new List<(int, int)>();
        for (int left = input.ReadMapHeader(); left > 0; left--)
        {
            input.Skip();
            int from = (int)input.Offset;
            input.Skip();
            places.Add((from, (int)input.Offset));
        }
        return places;
    }

    /// <summary>A call whose argument is nil, or an empty map.</summary>
    public static byte[] WithoutArgument(string method, bool isNil)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        new Conclave.Rpc.Calls.RpcCallHeader { Seq = 7, ServiceMethod = Encoding.UTF8.GetBytes(method) }.Write(ref writer);
        if (isNil) writer.WriteNil();
        else writer.WriteMapHeader(0);
        writer.Flush();
        return buffer.ToArray();
    }

    private static void Widen(ref MsgPackReader input, byte[] bytes, MemoryStream output)
    {
        switch (input.NextKind)
        {
            case MsgPackKind.Map:
                int fields = input.ReadMapHeader();
                Head(output, 0xdf, (uint)fields);
                for (int i = 0; i < 2 * fields; i++) Widen(ref input, bytes, output);
                break;
            case MsgPackKind.Array:
                int elements = input.ReadArrayHeader();
                Head(output, 0xdd, (uint)elements);
                for (int i = 0; i < elements; i++) Widen(ref input, bytes, output);
                break;
            case MsgPackKind.Integer:
                byte code = bytes[input.Offset];
                bool isNegative = code is >= 0xe0 or (>= 0xd0 and <= 0xd3);
                ulong number = isNegative ? (ulong)input.ReadInt64() : input.ReadUInt64();
                output.WriteByte(isNegative || number <= long.MaxValue ? (byte)0xd3 : (byte)0xcf);   // signed forms of positive numbers too
                Span<byte> wide = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64BigEndian(wide, number);
                output.Write(wide);
                break;
            case MsgPackKind.Text:
                var text = input.ReadTextSpan();
                Head(output, 0xdb, (uint)text.Length);
                output.Write(text);
                break;
            default:
                int from = (int)input.Offset;
                input.Skip();
                output.Write(bytes.AsSpan(from, (int)input.Offset - from));
                break;
        }
    }

    private static void Head(MemoryStream output, byte code, uint count)
    {
        Span<byte> head = [code, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], count);
        output.Write(head);
    }
}
