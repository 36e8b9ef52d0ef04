using Conclave.Core;

namespace Conclave.Fuzz;

/// <summary>Something that takes foreign bytes. Running it must end, stay within bounded memory and throw nothing, whatever the bytes.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Run">Feeds the bytes; throws when a promise is broken.</param>
/// <param name="Seeds">Valid inputs to start from.</param>
internal sealed record FuzzTarget(string Name, FuzzTarget.Body Run, Func<string, IEnumerable<byte[]>> Seeds)
{
    /// <summary>Bytes that a run may allocate whatever the input's size; more is allowed in proportion to the input.</summary>
    public long AllocatedBytesMax { get; init; } = 4 << 20;

    /// <summary>Makes inputs of the target's own form, or null: half of the inputs come from here then, some of them damaged afterwards.</summary>
    public Func<Prng, byte[]>? Make { get; init; }

    /// <summary>What came of the last input in a few bits, or null: an input with an end not seen before becomes one to start from.</summary>
    public Func<ulong>? Signature { get; init; }

    public delegate void Body(ReadOnlySpan<byte> data);

    /// <summary>All targets.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("msgpack", Targets.MsgPackTarget.Run, Corpus.Calls),
        new("commands", Targets.CommandTarget.Run, Corpus.Commands),
        // Compiled twice, with a bounded number of patterns that are dear each.
        new("filters", Targets.FilterTarget.Run, _ => Corpus.Filters) { AllocatedBytesMax = 64 << 20 },
        new("packet", Targets.GossipPacketTarget.Run, Corpus.GossipPackets),
        // May unpack to its bound whatever the input's size.
        new("stream", Targets.GossipStreamTarget.Run, Corpus.GossipStreams) { AllocatedBytesMax = 4L * Gossip.GossipLimits.StreamMessageBytesMax },
        new("pool", Targets.GossipPoolTarget.Run, Targets.GossipPoolTarget.Seeds)
        {
            AllocatedBytesMax = 4L * Gossip.GossipLimits.StreamMessageBytesMax,
            Make = Targets.GossipPoolTarget.Make,
            Signature = () => Targets.GossipPoolTarget.LastSignature,
        },
        new("connection", Targets.ConnectionTarget.Run, Corpus.Connections),
        new("mux", Targets.MuxTarget.Run, Corpus.Muxes),
        new("call", Targets.CallTarget.Run, Corpus.Calls),
        new("subscribe", Targets.SubscribeTarget.Run, Corpus.Subscriptions),
        // Parts of a message may be empty, and each is an object.
        new("view", Targets.ViewTarget.Run, Corpus.Streams) { AllocatedBytesMax = 64 << 20 },
        new("snapshot", Targets.SnapshotTarget.Run, Corpus.Archives),
        new("state", Targets.StateStreamTarget.Run, Corpus.States),
        new("apply", Targets.ApplyTarget.Run, Corpus.Logs),
        new("query", Targets.QueryTarget.Run, _ => Corpus.Queries),
        new("json", Targets.JsonBodyTarget.Run, _ => Corpus.Bodies),
        new("config", Targets.ConfigTarget.Run, _ => Corpus.Configs),
    ];
}
