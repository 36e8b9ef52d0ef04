using System.Collections;
using Conclave.Core.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>A member's tags, taken out of its metadata when somebody looks at them: most members in most pools are never looked at. Good on any thread.</summary>
/// <param name="meta">Metadata, never changed.</param>
internal sealed class MemberTags(ReadOnlyMemory<byte> meta) : IReadOnlyList<KeyValuePair<string, string>>
{
    private KeyValuePair<string, string>[]? _tags;

    public int Count => Tags.Length;

    // Two threads may both decode; they get equal lists, and one of the two stays.
    private KeyValuePair<string, string>[] Tags => Volatile.Read(ref _tags) ?? Interlocked.CompareExchange(ref _tags, Decode(meta.Span), null) ?? _tags!;

    public KeyValuePair<string, string> this[int index] => Tags[index];

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)Tags).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Tags sorted by name; none when the metadata cannot be read.</summary>
    public static KeyValuePair<string, string>[] Decode(ReadOnlySpan<byte> meta)
    {
        try
        {
            return [.. NodeMeta.Decode(meta)];
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            return [];                                          // a member like any other, which says nothing about itself; peers do the same
        }
    }
}
