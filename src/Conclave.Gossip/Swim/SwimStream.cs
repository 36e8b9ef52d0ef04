using System.Buffers;
using Conclave.Core;
using Conclave.Gossip.Streams;

namespace Conclave.Gossip.Swim;

/// <summary>What a stream is for.</summary>
internal enum StreamPurpose : byte
{
    /// <summary>Opened by somebody else, who says what for.</summary>
    Accepted,

    /// <summary>Ours, to exchange states.</summary>
    Exchange,

    /// <summary>Ours, to see whether a member answers by stream that does not by packet.</summary>
    Ping,
}

/// <summary>A stream while it is open. Memory grows with what has arrived, to at most twice as much.</summary>
/// <param name="purpose">What it is for.</param>
/// <param name="peer">Who is at the other end; of an accepted stream the port means nothing.</param>
/// <param name="decoder">Reads what the other end says.</param>
internal sealed class SwimStream(StreamPurpose purpose, GossipEndpoint peer, StreamDecoder decoder)
{
    private const int InitialBytes = 256;

    private PooledBuffer? _bytes;

    public StreamPurpose Purpose { get; } = purpose;

    public GossipEndpoint Peer { get; } = peer;

    public DeadlineHandle Timer { get; set; }

    /// <summary>Exchanges: whether it is a join.</summary>
    public bool IsJoin { get; init; }

    /// <summary>Exchanges: the number under which the end is reported; 0 for those that nobody waits for.</summary>
    public long Ticket { get; init; }

    /// <summary>Pings: which one.</summary>
    public uint Sequence { get; init; }

    /// <summary>Bytes collected.</summary>
    public int BytesHeld => _bytes?.WrittenCount ?? 0;

    /// <summary>Takes bytes; true when the other end's message is complete with them.</summary>
    /// <exception cref="Conclave.Core.Codec.MsgPackException">Malformed.</exception>
    /// <exception cref="GossipFormatException">Malformed, or too much.</exception>
    public bool TryRead(ReadOnlySpan<byte> more, out StreamMessage message)
    {
        if (BytesHeld + (long)more.Length > GossipLimits.StreamMessageBytesMax) GossipFormatException.Throw("a message beyond the bound");
        _bytes ??= new PooledBuffer(InitialBytes);
        _bytes.Write(more);
        return decoder.TryRead(new ReadOnlySequence<byte>(_bytes.WrittenMemory), out message);
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        _bytes?.Dispose();
        _bytes = null;
    }
}
