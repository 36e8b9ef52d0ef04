using System.Globalization;
using System.Text;
using Conclave.Rpc.Grpc;

namespace Conclave.Rpc.Tests.Grpc;

/// <summary>A protobuf message as text, without its schema: bytes that are printable are text, others are an inner message as far as they can be read as one.</summary>
internal static class ProtoText
{
    public static string Of(ReadOnlySpan<byte> message, int depth)
    {
        var text = new StringBuilder();
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (text.Length > 0) text.Append(' ');
            text.Append(CultureInfo.InvariantCulture, $"{field}: ");
            switch (wire)
            {
                case ProtoWire.Varint: text.Append(reader.ReadVarint()); break;
                case ProtoWire.Fixed64: text.Append(BitConverter.UInt64BitsToDouble(reader.ReadFixed64()).ToString(CultureInfo.InvariantCulture)); break;
                case ProtoWire.Fixed32: text.Append(reader.ReadFixed32()); break;
                default: Append(text, reader.ReadBytes(), depth); break;
            }
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, ReadOnlySpan<byte> bytes, int depth)
    {
        if (bytes.IsEmpty)
        {
            text.Append("{ }");
            return;
        }
        if (!bytes.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e))
        {
            text.Append('"').Append(Encoding.UTF8.GetString(bytes)).Append('"');
            return;
        }
        try
        {
            if (depth == 0) throw new RpcFormatException("too deep");
            text.Append("{ ").Append(Of(bytes, depth - 1)).Append(" }");
        }
        catch (RpcFormatException)
        {
            text.Append(Convert.ToHexString(bytes));
        }
    }
}
