using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Something for a pool's loop.</summary>
internal enum GossipInputKind : byte
{
    /// <summary>Only wakes the loop: a timer rang, or the end has come.</summary>
    Wake,

    /// <summary>A packet; its buffer goes back to the packet buffers.</summary>
    Packet,

    /// <summary>Somebody opened a stream.</summary>
    Accepted,

    /// <summary>Bytes of a stream, in the stream's own buffer.</summary>
    StreamBytes,

    /// <summary>A stream has ended; its socket is closed.</summary>
    StreamEnded,

    /// <summary>Work on a file failed.</summary>
    FileFailed,

    /// <summary>A local request: something to be done with the pool.</summary>
    Request,
}

/// <summary>One input on its way to the loop. A flat value, so that a packet costs no object.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Endpoint">Packets: where from.</param>
/// <param name="Length">Packets and bytes of a stream: how many.</param>
/// <param name="Subject">Packets: the buffer; streams: the stream; files: the failure; requests: the request.</param>
internal readonly record struct GossipInput(GossipInputKind Kind, GossipEndpoint Endpoint = default, int Length = 0, object? Subject = null);
