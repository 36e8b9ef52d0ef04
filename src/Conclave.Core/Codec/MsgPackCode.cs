namespace Conclave.Core.Codec;

/// <summary>First bytes of MessagePack values.</summary>
internal static class MsgPackCode
{
    public const byte PositiveFixIntMax = 0x7f, FixMap = 0x80, FixArray = 0x90, FixText = 0xa0;
    public const byte Nil = 0xc0, False = 0xc2, True = 0xc3;
    public const byte Bin8 = 0xc4, Bin16 = 0xc5, Bin32 = 0xc6;
    public const byte Extension8 = 0xc7, Extension32 = 0xc9, FixExtension1 = 0xd4, FixExtension16 = 0xd8;
    public const byte Float32 = 0xca, Float64 = 0xcb;
    public const byte UInt8 = 0xcc, UInt16 = 0xcd, UInt32 = 0xce, UInt64 = 0xcf;
    public const byte Int8 = 0xd0, Int16 = 0xd1, Int32 = 0xd2, Int64 = 0xd3;
    public const byte Text8 = 0xd9, Text16 = 0xda, Text32 = 0xdb;
    public const byte Array16 = 0xdc, Array32 = 0xdd, Map16 = 0xde, Map32 = 0xdf;
    public const byte NegativeFixInt = 0xe0;

    /// <summary>Longest text behind a one-byte header.</summary>
    public const int FixTextMax = 31;

    /// <summary>Largest count of a map or array behind a one-byte header.</summary>
    public const int FixCountMax = 15;

    /// <summary>Kind of the value that starts with <paramref name="code"/>.</summary>
    public static MsgPackKind KindOf(byte code) => code switch
    {
        <= PositiveFixIntMax => MsgPackKind.Integer,
        < FixArray => MsgPackKind.Map,
        < FixText => MsgPackKind.Array,
        < Nil => MsgPackKind.Text,
        Nil => MsgPackKind.Nil,
        False or True => MsgPackKind.Bool,
        >= Bin8 and <= Bin32 => MsgPackKind.Binary,
        Float32 or Float64 => MsgPackKind.Float,
        >= UInt8 and <= Int64 => MsgPackKind.Integer,
        >= Text8 and <= Text32 => MsgPackKind.Text,
        Array16 or Array32 => MsgPackKind.Array,
        Map16 or Map32 => MsgPackKind.Map,
        >= NegativeFixInt => MsgPackKind.Integer,
        _ => MsgPackKind.Unknown,                              // 0xc1 and the extension types: no peer emits them
    };
}

/// <summary>Kind of a MessagePack value.</summary>
public enum MsgPackKind : byte
{
    /// <summary>Not part of this dialect.</summary>
    Unknown,
    /// <summary>Nothing; stands for the zero value of any field.</summary>
    Nil,
    /// <summary>True or false.</summary>
    Bool,
    /// <summary>A whole number in any width.</summary>
    Integer,
    /// <summary>A floating point number.</summary>
    Float,
    /// <summary>The old raw family: text and bytes alike.</summary>
    Text,
    /// <summary>The newer bin family: bytes only.</summary>
    Binary,
    /// <summary>A list of values.</summary>
    Array,
    /// <summary>A list of key and value pairs.</summary>
    Map,
}
