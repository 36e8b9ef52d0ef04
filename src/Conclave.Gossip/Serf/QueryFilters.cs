using System.Text;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>Whether a query is for us, and the filters of queries of ours.</summary>
internal static class QueryFilters
{
    /// <summary>Filters that are looked at. A query of 1,024 bytes has room for more, but nobody has a use for them.</summary>
    public const int CountMax = 8;

    /// <summary>Whether a member with this name and these tags passes all filters. One that is not understood lets nobody pass.</summary>
    public static bool Pass(EncodedList<BytesElement> filters, ReadOnlySpan<byte> name, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        if (filters.Count > CountMax) return false;
        foreach (var filter in filters)
            if (!Passes(filter.Bytes.Span, name, tags)) return false;
        return true;
    }

    /// <summary>Puts the filters of a query of ours into the form of the wire.</summary>
    /// <exception cref="Core.BufferFullException">They are longer than a query may be.</exception>
    public static void Write(GossipQuery query, EncodedListBuilder<BytesElement> filters)
    {
        using var encoded = new Core.PooledBuffer(GossipLimits.QueryBytesMax, 2 * GossipLimits.QueryBytesMax);
        if (query.Nodes.Count > 0)
        {
            using var names = new EncodedListBuilder<TextElement>(GossipLimits.QueryBytesMax);
            foreach (string node in query.Nodes) names.Add(new TextElement(Encoding.UTF8.GetBytes(node)));
            GossipCodec.Encode(encoded, new QueryFilter { Kind = QueryFilter.NodesKind, Nodes = names.List });
            filters.Add(new BytesElement(encoded.WrittenSpan));
        }
        foreach (var (tag, expression) in query.Tags)
        {
            encoded.Clear();
            var filter = new TagFilter { Tag = Encoding.UTF8.GetBytes(tag), Expression = Encoding.UTF8.GetBytes(expression) };
            GossipCodec.Encode(encoded, new QueryFilter { Kind = QueryFilter.TagKind, Tag = filter });
            filters.Add(new BytesElement(encoded.WrittenSpan));
        }
    }

    private static bool Passes(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> name, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        try
        {
            if (!GossipCodec.TryDecodeFilter(encoded, out var filter)) return false;
            return filter.Kind == QueryFilter.NodesKind ? IsNamed(filter.Nodes, name) : IsTagged(filter.Tag, tags);
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            return false;                                       // the query is for others, as one with a filter of a newer kind is
        }
    }

    private static bool IsNamed(EncodedList<TextElement> nodes, ReadOnlySpan<byte> name)
    {
        foreach (var node in nodes)
            if (node.Utf8.SequenceEqual(name)) return true;
        return false;
    }

    private static bool IsTagged(in TagFilter filter, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        string value = "";
        string wanted = Encoding.UTF8.GetString(filter.Tag);
        foreach (var (tag, text) in tags)
            if (tag == wanted) value = text;
        return TagPattern.IsMatch(Encoding.UTF8.GetString(filter.Expression), value);
    }
}
