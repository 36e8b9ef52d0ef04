using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Gossip.Serf;

/// <summary>The tag by which a member says how long it is to be remembered after it is gone.</summary>
internal static class ReconnectTag
{
    /// <summary>Name of the tag; its value is a duration such as <c>24h0m0s</c>.</summary>
    public const string Name = "rc_tm";

    private const int TextBytesMax = 64;

    /// <summary>The time in a member's metadata, or null when it says none that is one.</summary>
    public static TimeSpan? Read(ReadOnlySpan<byte> meta)
    {
        // Looked at for all who are gone every few seconds: most have no such tag, and that is seen without decoding.
        if (meta.IndexOf("rc_tm"u8) < 0) return null;
        try
        {
            if (!GossipCodec.TryDecodeTags(meta, out var tags)) return null;
            foreach (var tag in tags)
                if (tag.Name.SequenceEqual("rc_tm"u8)) return Parse(tag.Value);
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            return null;                                        // metadata that cannot be read says nothing
        }
        return null;
    }

    private static TimeSpan? Parse(ReadOnlySpan<byte> value)
    {
        if (value.Length > TextBytesMax || !GoDuration.TryParse(Encoding.UTF8.GetString(value), out var duration, out _)) return null;
        return duration.Nanoseconds > 0 ? duration.ToTimeSpan() : null;
    }
}
