using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Packets;

/// <summary>The name of the pool in front of packets and of the dialler's side of streams: type byte, length, name.</summary>
internal static class Label
{
    private const int HeaderBytes = 2;

    public static int SizeOf(int labelBytes) => labelBytes == 0 ? 0 : HeaderBytes + labelBytes;

    /// <summary>Writes the label; nothing when it is empty.</summary>
    public static int Write(ReadOnlySpan<byte> label, Span<byte> output)
    {
        if (label.IsEmpty) return 0;
        output[0] = (byte)MessageType.HasLabel;
        output[1] = (byte)label.Length;
        label.CopyTo(output[HeaderBytes..]);
        return SizeOf(label.Length);
    }

    /// <summary>Finds the label in front of a packet, empty when there is none; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> label, out ReadOnlySpan<byte> rest)
    {
        label = default;
        rest = input;
        if (input.IsEmpty || input[0] != (byte)MessageType.HasLabel) return true;
        if (input.Length < HeaderBytes || input[1] == 0 || input.Length < HeaderBytes + input[1]) return false;
        label = input.Slice(HeaderBytes, input[1]);
        rest = input[(HeaderBytes + label.Length)..];
        return true;
    }
}
