using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Gossip;
using Conclave.Gossip.Streams;

namespace Conclave.Fuzz.Targets;

/// <summary>One side of a stream: the same message, or the same refusal, whether it arrives at once or in halves.</summary>
internal static class GossipStreamTarget
{
    // A message that unpacks to megabytes is read, but writing it again and again would only be slow.
    private const int RecodedBytesMax = 256 * 1024;

    public static void Run(ReadOnlySpan<byte> data)
    {
        var bytes = data.ToArray();
        var whole = Read(bytes, pieceBytes: bytes.Length);
        var halves = Read(bytes, pieceBytes: Math.Max(1, bytes.Length / 2));
        Promise.Holds(whole.HasValue == halves.HasValue, "how a stream is cut decides nothing");
        if (whole is not { } message) return;
        Promise.Holds(message.Type == halves!.Value.Type && message.Body.Span.SequenceEqual(halves.Value.Body.Span), "how a stream is cut changes nothing");
        if (message.Body.Length <= RecodedBytesMax) GossipMessages.Check(message.Type, message.Body.Span, isStream: true);
    }

    private static StreamMessage? Read(byte[] bytes, int pieceBytes)
    {
        var decoder = new StreamDecoder(keyring: GossipMessages.Keyring, mayBePlain: true);
        try
        {
            for (int length = pieceBytes; length < bytes.Length; length += pieceBytes)
                if (decoder.TryRead(new ReadOnlySequence<byte>(bytes, 0, length), out var early)) return early;
            return decoder.TryRead(new(bytes), out var message) ? message : null;
        }
        catch (Exception e) when (e is MsgPackException or GossipFormatException)
        {
            return null;
        }
    }
}
