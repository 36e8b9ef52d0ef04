using Conclave.Core.Codec;

namespace Conclave.Rpc;

/// <summary>Forms of values that peers accept beyond those that <see cref="MsgPackReader"/> takes everywhere.</summary>
internal static class WireValues
{
    /// <summary>True or false, or the numbers 0 and 1.</summary>
    public static bool ReadBool(ref MsgPackReader reader)
    {
        if (reader.NextKind != MsgPackKind.Integer) return reader.ReadBool();
        long value = reader.ReadInt64();
        if (value is not (0 or 1)) MsgPackException.Throw($"{value} where a truth value is due", reader.Offset);
        return value == 1;
    }
}
