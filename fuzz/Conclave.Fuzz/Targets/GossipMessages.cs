using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Security;
using Conclave.Gossip.Tests;

namespace Conclave.Fuzz.Targets;

/// <summary>A message out of a packet or stream: what can be read can be written, and the written form stays the same.</summary>
internal static class GossipMessages
{
    /// <summary>Keys of the recorded pools, so that encrypted inputs are read too, as long as they are whole.</summary>
    public static Keyring Keyring { get; } = new(GossipKey.Parse("AAECAwQFBgcICQoLDA0ODw=="));

    public static void Check(MessageType type, ReadOnlySpan<byte> body, bool isStream)
    {
        byte[] first;
        try
        {
            first = Recode(type, body, isStream);
        }
        catch (Exception e) when (e is MsgPackException or GossipFormatException)
        {
            return;
        }
        var second = type == MessageType.User && !isStream ? Recode(type, first, isStream) : Recode(type, first.AsSpan(1), isStream);
        Promise.Holds(first.AsSpan().SequenceEqual(second), $"a written message of type {type} stays the same");
    }

    private static byte[] Recode(MessageType type, ReadOnlySpan<byte> body, bool isStream) => type switch
    {
        MessageType.PushPull when isStream => MessageRecoder.RecodePushPull(body),
        MessageType.User when isStream => RecodeUserMessage(body),
        MessageType.User => MessageRecoder.RecodeSerf(body),
        _ => MessageRecoder.Recode(type, body),
    };

    private static byte[] RecodeUserMessage(ReadOnlySpan<byte> body)
    {
        using var output = new PooledBuffer();
        GossipCodec.EncodeUserMessage(output, GossipCodec.DecodeUserMessage(body));
        return output.ToArray();
    }
}
