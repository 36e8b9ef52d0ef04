using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Conclave.Rpc.Grpc;

/// <summary>
/// Reads the fields of one protobuf message in the order in which they lie there. Borrows the bytes, copies nothing, and never looks beyond them: a length is compared with what is left before
/// anything is made of it. After <see cref="TryNext"/> the field's value must be read, with the method of its form, or skipped.
/// </summary>
public ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private const int FieldMax = (1 << 29) - 1;

    private ReadOnlySpan<byte> _left = message;

    /// <summary>Goes to the next field; false at the end of the message.</summary>
    /// <exception cref="RpcFormatException">The bytes are no message.</exception>
    public bool TryNext(out int field, out ProtoWire wire)
    {
        (field, wire) = (0, ProtoWire.Varint);
        if (_left.IsEmpty) return false;
        ulong tag = ReadVarint();
        if (tag >> 3 is 0 or > FieldMax) Throw("a field number is out of range");
        (field, wire) = ((int)(tag >> 3), (ProtoWire)(tag & 7));
        if (wire is not (ProtoWire.Varint or ProtoWire.Fixed64 or ProtoWire.Bytes or ProtoWire.Fixed32)) Throw("a field has a form that is not supported");
        return true;
    }

    /// <summary>A number.</summary>
    /// <exception cref="RpcFormatException">It is cut off or longer than ten bytes.</exception>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int i = 0; i < 10; i++)
        {
            if (i >= _left.Length) Throw("a number is cut off");
            byte next = _left[i];
            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next >= 0x80) continue;
            _left = _left[(i + 1)..];
            return value;
        }
        Throw("a number has more than ten bytes");
        return 0;
    }

    /// <summary>A truth value.</summary>
    public bool ReadBool() => ReadVarint() != 0;

    /// <summary>A signed number of 32 bits, which peers send with all its 64.</summary>
    public int ReadInt32() => unchecked((int)ReadVarint());

    /// <summary>Four bytes as a number.</summary>
    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Eight bytes as a number.</summary>
    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Text, bytes or an inner message: a slice of this one.</summary>
    /// <exception cref="RpcFormatException">Its length is more than there is.</exception>
    public ReadOnlySpan<byte> ReadBytes()
    {
        ulong length = ReadVarint();
        if (length > (ulong)_left.Length) Throw("a length is more than there is");
        return Take((int)length);
    }

    /// <summary>Text; bytes that are no UTF-8 are replaced.</summary>
    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>Passes over the field's value.</summary>
    public void Skip(ProtoWire wire)
    {
        switch (wire)
        {
            case ProtoWire.Varint: ReadVarint(); break;
            case ProtoWire.Fixed64: Take(8); break;
            case ProtoWire.Fixed32: Take(4); break;
            default: ReadBytes(); break;
        }
    }

    /// <summary>Fails unless the field has the form that its number demands.</summary>
    public static void Expect(ProtoWire expected, ProtoWire actual)
    {
        if (expected != actual) Throw("a field has another form than its number says");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length) Throw("a value is cut off");
        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }

    [DoesNotReturn]
    private static void Throw(string what) => throw new RpcFormatException("protobuf: " + what);
}
