using Conclave.Core;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>A snapshot that travels between servers.</summary>
/// <param name="Message">Kind <see cref="RaftMessageKind.Snapshot"/>: term, sender, receiver, request, and the last entry in the snapshot with its term.</param>
/// <param name="Configuration">The servers at that point.</param>
/// <param name="ConfigurationIndex">The entry that made it so.</param>
/// <param name="Size">Bytes of the state stream. From a peer it is a claim.</param>
public sealed record SnapshotOffer(RaftMessage Message, Configuration Configuration, LogIndex ConfigurationIndex, long Size);
