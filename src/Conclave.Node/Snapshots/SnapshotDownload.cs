using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// A snapshot that a leader sends. Handed to <see cref="Node.OnSnapshotOffered"/>; it appears in <see cref="Outbox.Downloads"/> each time the next chunk is wanted, and once more when it is
/// over, well or badly: then the answer for the leader stands among the messages, with the offer's request.
/// </summary>
/// <param name="offer">What the leader announced.</param>
public class SnapshotDownload(SnapshotOffer offer)
{
    /// <summary>What the leader announced.</summary>
    public SnapshotOffer Offer { get; } = offer;

    /// <summary>No further chunk is wanted. What still comes is thrown away.</summary>
    public bool IsOver { get; internal set; }

    /// <summary>Bytes taken so far.</summary>
    public long Received { get; internal set; }

    /// <summary>Why it failed, for the answer; empty when it did not, or when the reason is none of the leader's.</summary>
    public string Problem { get; internal set; } = "";

    internal SnapshotDraft? Draft { get; set; }

    internal SnapshotReader Reader { get; } = new();

    internal StateRoot? Root { get; set; }

    internal bool IsBusy { get; set; }

    internal bool IsBroken { get; set; }
}
