namespace Conclave.Core.Model;

/// <summary>
/// A generic MessagePack tree for parts that are kept and shown but not acted on. Keys keep their order of arrival.
/// Values are null, bool, long, ulong, double, <see cref="ReadOnlyMemory{T}"/> of bytes (text and bytes are one on this wire),
/// <see cref="MsgPackMap"/> or <c>IReadOnlyList&lt;object?&gt;</c>.
/// </summary>
public sealed class MsgPackMap
{
    /// <summary>Fields in order of arrival.</summary>
    public required IReadOnlyList<KeyValuePair<string, object?>> Fields { get; init; }
}
