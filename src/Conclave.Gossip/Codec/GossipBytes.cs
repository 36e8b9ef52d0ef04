namespace Conclave.Gossip.Codec;

/// <summary>Bytes of a field, lent from the message. Nil and empty differ on the wire, so they do here; the default is nil.</summary>
internal readonly ref struct GossipBytes
{
    private readonly bool _isThere;

    public GossipBytes(ReadOnlySpan<byte> span)
    {
        Span = span;
        _isThere = true;
    }

    public ReadOnlySpan<byte> Span { get; }

    public bool IsNil => !_isThere;

    public int Length => Span.Length;

    public static implicit operator GossipBytes(ReadOnlySpan<byte> span) => new(span);
}
