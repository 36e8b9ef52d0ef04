using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// A snapshot on its way to a follower. It appears in <see cref="Outbox.Uploads"/> each time a chunk is ready: the first time the offer is to be sent before it. When a chunk has left,
/// <see cref="Node.OnChunkSent"/> asks for the next one; the follower's answer is an ordinary message. When sending fails, <see cref="Node.OnUploadFailed"/> ends it.
/// </summary>
public sealed class SnapshotUpload
{
    internal SnapshotUpload(SnapshotOffer offer, StoredSnapshot? stored, ReadOnlyMemory<byte> memory) => (Offer, Stored, Memory) = (offer, stored, memory);

    /// <summary>What is sent, and to whom.</summary>
    public SnapshotOffer Offer { get; }

    /// <summary>The bytes to send now; borrowed until <see cref="Node.OnChunkSent"/> or <see cref="Node.OnUploadFailed"/>.</summary>
    public ReadOnlyMemory<byte> Chunk { get; internal set; }

    /// <summary>Bytes before <see cref="Chunk"/>.</summary>
    public long Offset { get; internal set; }

    /// <summary>Nothing follows <see cref="Chunk"/>.</summary>
    public bool IsLast => Offset + Chunk.Length >= Offer.Size;

    /// <summary>It is of no use any more: close the stream, nothing is reported back.</summary>
    public bool IsAborted { get; internal set; }

    internal StoredSnapshot? Stored { get; }

    internal ReadOnlyMemory<byte> Memory { get; }

    internal byte[] Buffer { get; set; } = [];

    internal bool IsReading { get; set; }
}
