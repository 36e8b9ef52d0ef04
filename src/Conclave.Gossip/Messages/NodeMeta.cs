using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>The tags of a member as its metadata holds them.</summary>
public static class NodeMeta
{
    /// <summary>The tag that metadata of the oldest members consists of.</summary>
    public const string RoleTag = "role";

    /// <summary>Writes tags in the order given; false when they take more than <see cref="GossipLimits.MetaBytesMax"/>.</summary>
    public static bool TryEncode(IReadOnlyCollection<KeyValuePair<string, string>> tags, out byte[] meta)
    {
        meta = [];
        using var output = new PooledBuffer(GossipLimits.MetaBytesMax);
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte(GossipCodec.TagsMagic);
        writer.WriteMapHeader(tags.Count);
        foreach (var (name, value) in tags)
        {
            writer.Write(name);
            writer.Write(value);
        }
        writer.Flush();
        if (output.WrittenCount > GossipLimits.MetaBytesMax) return false;
        meta = output.ToArray();
        return true;
    }

    /// <summary>Reads tags, sorted by name. Of a name that comes twice the last one counts.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    /// <exception cref="GossipFormatException">More than <see cref="GossipLimits.MetaBytesMax"/>.</exception>
    public static SortedDictionary<string, string> Decode(ReadOnlySpan<byte> meta)
    {
        if (meta.Length > GossipLimits.MetaBytesMax) GossipFormatException.Throw("metadata beyond the bound");
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (GossipCodec.TryDecodeTags(meta, out var list))
            foreach (var tag in list) tags[Encoding.UTF8.GetString(tag.Name)] = Encoding.UTF8.GetString(tag.Value);
        else if (!meta.IsEmpty) tags[RoleTag] = Encoding.UTF8.GetString(meta);
        return tags;
    }
}
