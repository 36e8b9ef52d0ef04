using System.Diagnostics.CodeAnalysis;

namespace Conclave.Core.Codec;

/// <summary>Bytes that are not what the protocol says. The input is at fault, never the reader: drop the message, the peer or the file.</summary>
/// <param name="reason">What is wrong.</param>
/// <param name="offset">Where, in bytes from the start of the input.</param>
public sealed class MsgPackException(string reason, long offset) : Exception($"{reason} (at byte {offset})")
{
    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; } = reason;

    /// <summary>Offset in bytes from the start of the input.</summary>
    public long Offset { get; } = offset;

    // Thrown from here so that the readers' fast paths stay small enough to inline.
    [DoesNotReturn]
    internal static void Throw(string reason, long offset) => throw new MsgPackException(reason, offset);
}
