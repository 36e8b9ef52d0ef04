using Conclave.Core.Codec;

namespace Conclave.Rpc;

/// <summary>Bytes of a field, a slice of the message they were read from. Nil and empty differ on the wire, so they do here; the default is nil.</summary>
public readonly struct WireBytes
{
    private readonly bool _isThere;

    /// <summary>Bytes that are there, even when there are none.</summary>
    public WireBytes(ReadOnlyMemory<byte> memory)
    {
        Memory = memory;
        _isThere = true;
    }

    /// <summary>The bytes; empty for nil.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <summary>The bytes; empty for nil.</summary>
    public ReadOnlySpan<byte> Span => Memory.Span;

    /// <summary>Number of bytes; 0 for nil.</summary>
    public int Length => Memory.Length;

    /// <summary>True when the sender had no bytes at all.</summary>
    public bool IsNil => !_isThere;

    /// <summary>Wraps bytes without copying them.</summary>
    public static implicit operator WireBytes(byte[] bytes) => new(bytes);

    internal static WireBytes Read(ref MsgPackReader reader) => reader.TryReadMemory(out var memory) ? new(memory) : default;

    internal void Write(ref MsgPackWriter writer)
    {
        if (IsNil) writer.WriteNil();
        else writer.Write(Span);
    }

    internal void WriteField(ref MsgPackWriter writer, ReadOnlySpan<byte> name)
    {
        writer.WriteKey(name);
        Write(ref writer);
    }
}
