using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Node.Integrity;
using Conclave.Raft;
using Conclave.State;

namespace Conclave.Simulation.Cluster;

/// <summary>The bug that is planted in a run, if any.</summary>
internal sealed class Flaws
{
    private static readonly byte[] s_poison = [0x7e, 0xc1];              // no such kind of command, and no MessagePack

    private readonly SimWorld _world;
    private readonly Prng _chance;
    private readonly Dictionary<int, long> _heardOfPool = [];

    public Flaws(string? name, SimWorld world)
    {
        Kind = Parse(name);
        _world = world;
        _chance = world.Stream("flaw");
    }

    /// <summary>The names on the command line: <c>drops-watches</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<FlawKind>().Skip(1).Select(NameOf)];

    public static FlawKind Parse(string? name) => name is null ? FlawKind.None : Enum.Parse<FlawKind>(name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);

    public static string NameOf(FlawKind kind) => string.Concat(kind.ToString().Select((letter, i) => char.IsUpper(letter) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(letter) : $"{letter}"));

    public FlawKind Kind { get; }

    /// <summary>What a node is told about itself.</summary>
    public NodeConfig Configure(NodeConfig config) => Kind switch
    {
        FlawKind.None => config,
        FlawKind.VotesBeforeFlush => config with { LeavesEarly = message => message.Kind is RaftMessageKind.Vote or RaftMessageKind.VoteReply },
        FlawKind.AcknowledgesBeforeFlush => config with { LeavesEarly = message => message.Kind == RaftMessageKind.AppendReply },
        FlawKind.LeaseWithoutClockBound => config with { Raft = config.Raft with { LeaderLease = config.Raft.HeartbeatTimeout, ClockDriftPermille = 0 } },
        FlawKind.NoLimits => config with { Limits = config.Limits with { ProposalsMax = 100_000, HeldRequestsMax = 100_000 }, Raft = config.Raft with { UncommittedEntriesMax = 100_000 } },
        FlawKind.TrustsPoolAtOnce => config with { PoolTrustAfter = TimeSpan.Zero },
        FlawKind.KeepsAllEntries => config with { Raft = config.Raft with { LogMemoryEntries = 1 << 20, LogMemoryBytes = 1L << 32 } },
        FlawKind.RecoversInOldTerms => config with { RecoversInOldTerms = true },
        FlawKind.NeverScrubs => config with { Limits = config.Limits with { ScrubInterval = TimeSpan.FromHours(6) } },
        _ => Enum.TryParse<RaftFlaw>(Kind.ToString(), out var flaw) ? config with { Raft = config.Raft with { Flaw = flaw } } : config,
    };

    /// <summary>What a server finds on its disk.</summary>
    public RecoveredNode Recover(RecoveredNode recovered)
    {
        var raft = recovered.Raft;
        switch (Kind)
        {
            case FlawKind.ForgetsVote:
                return recovered with { Raft = raft with { VotedFor = "" } };
            case FlawKind.ForgetsTerm when raft.Term.Value > 1:
                return recovered with { Raft = raft with { Term = new Term(raft.Term.Value - 1), VotedFor = "" } };
            case FlawKind.ForgetsLastEntry when raft.Entries.Count > 1:
                return recovered with { Raft = raft with { Entries = [.. raft.Entries.Take(raft.Entries.Count - 1)] } };
            case FlawKind.ForgetsRecovery when raft.Recovery is not null && !recovered.Notes.Any(note => note.Text.StartsWith("found peers.json", StringComparison.Ordinal)):
                return recovered with { Raft = raft with { Recovery = null } };
            case FlawKind.ForgetsTombstones when recovered.Root.LastIndex > 0:
                return recovered with { Root = Change(recovered.Root, applier => applier.ApplyTombstone(new TombstoneRequest("", "reap", recovered.Root.LastIndex))) };
            case FlawKind.SnapshotMissesKey when recovered.Root.LastIndex > 0:
                return recovered with { Root = Change(recovered.Root, applier => applier.ApplyKv(recovered.Root.LastIndex, new KvRequest { Op = KvOps.Delete, Entry = new KvEntry { Key = "k0"u8.ToArray() } })) };
            case FlawKind.SnapshotClaimsTooMuch when raft.SnapshotIndex.Value > 0 && raft.Entries.Count > 0 && raft.Entries[0] is { Type: EntryType.Command } first && first.Index == raft.SnapshotIndex.Next:
                return recovered with { Raft = raft with { SnapshotIndex = first.Index, SnapshotTerm = first.Term, Entries = [.. raft.Entries.Skip(1)] } };
            default:
                return recovered;
        }
    }

    /// <summary>A turn of a server's loop is about to end.</summary>
    public void EndTurn(SimServer server, Node.Node node)
    {
        var raft = node.Replica.Raft;
        if (Kind == FlawKind.NotesWrongDigests && node.Replica.Applied.Value is >= DigestTrail.Step and var applied && _chance.Next(1000) == 0)
            node.Digests.Note(applied / DigestTrail.Step * DigestTrail.Step, _chance.NextUInt64());
        if (Kind == FlawKind.CountsItselfBeforeFlush) raft.OnFlushed(raft.LastIndex, raft.LastTerm);
        if (Kind == FlawKind.AdmitsPoison && raft.Role == RaftRole.Leader && _chance.Next(2000) == 0) raft.Propose(EntryType.Command, s_poison, out _);
        if (Kind == FlawKind.ForgetsLockDelays) node.LockDelays.Forget(Instant.Never);
        if (Kind == FlawKind.ClockBeyondBound && server.Clock.DriftPpm < 1_000_000) server.Clock.SetDrift(_world.Now, 2_000_000);
    }

    /// <summary>Since when a server says that its state may be out of date.</summary>
    public Instant? ClaimedFresh(Node.Node node) => Kind switch
    {
        FlawKind.FreshWhenHeard => node.Replica.Raft.LeaderHeardAt,
        FlawKind.TrustsOldNews when node.Replica.Raft.CommitHeard is { } heard && heard.Commit <= node.Replica.Applied => heard.At,
        _ => node.FreshAt,
    };

    /// <summary>When a node that asks to be woken at this time is woken.</summary>
    public Instant WakeOf(Instant wake, ref Instant last)
    {
        // What was due stays due, for a while.
        if (Kind != FlawKind.NeverSleeps) return wake;
        if (last == default || _chance.Next(1000) == 0) last = wake;
        return last < wake ? last : wake;
    }

    /// <summary>A node's answers are about to be given.</summary>
    public void Answer(SimServer server, SimCluster cluster, Outbox outbox)
    {
        switch (Kind)
        {
            case FlawKind.AcknowledgesOnAppend when server.Raft!.Role == RaftRole.Leader && server.Raft.LastIndex.Value > cluster.Committed.Last:
                if (cluster.OpenCalls.Find(call => call.Server == server && call.Kind == NodeRequestKind.Apply) is { } early)
                {
                    early.Result = ApplyResult.Of(true).At(server.Raft.LastIndex.Value);
                    early.Complete();
                }
                break;
            case FlawKind.SwapsAnswers when outbox.Completions is [{ Kind: NodeRequestKind.Apply, Result.Index: > 0 } first, { Kind: NodeRequestKind.Apply, Result.Index: > 0 } second, ..]:
                (first.Result, second.Result) = (second.Result, first.Result);
                break;
            case FlawKind.CompletesTwice when outbox.Completions.Count > 0:
                outbox.Completions[0].Complete();
                break;
            case FlawKind.ConfirmsLostWrites:
                foreach (var request in outbox.Completions)
                    if (request.Result is { Kind: ApplyResultKind.Error, Index: 0 } && request.Result.Text.EndsWith(ErrorTexts.LeadershipLost, StringComparison.Ordinal)) request.Result = ApplyResult.Of(true);
                break;
        }
    }

    public bool DropsWatches => Kind == FlawKind.DropsWatches && _chance.Next(10) == 0;

    /// <summary>News of the pool have come for a server; false loses them.</summary>
    public bool HearsOfPool(SimServer server)
    {
        if (Kind != FlawKind.HearsOfPoolOnce) return true;
        bool isFirst = _heardOfPool.GetValueOrDefault(server.Id, -1) != server.Life;
        _heardOfPool[server.Id] = server.Life;
        return isFirst;
    }

    /// <summary>A message has arrived; false loses it.</summary>
    public bool Arrives(SimServer server, ref RaftMessage message)
    {
        var raft = server.Raft!;
        switch (Kind)
        {
            case FlawKind.TakesNoForYes when message is { Kind: RaftMessageKind.VoteReply, Success: false } && message.Term == raft.Term:
                message = message with { Success = true };
                break;
            case FlawKind.IgnoresCandidatesLog when message.Kind is RaftMessageKind.Vote or RaftMessageKind.PreVote:
                message = message with { LogIndex = new LogIndex(ulong.MaxValue / 4), LogTerm = message.Term };
                break;
            case FlawKind.SkipsLogMatching when message is { Kind: RaftMessageKind.Append, Heartbeat: false } && raft.TryTermAt(message.LogIndex, out var term) && term <= message.Term:
                message = message with { LogTerm = term };
                break;
            case FlawKind.ChangesEntryOnTheWay when message.Entries.Length > 0 && _chance.Next(200) == 0:
                message = message with { Entries = Garble(message.Entries.Span) };
                break;
            case FlawKind.NeverTellsCommit when message is { Kind: RaftMessageKind.Append, Heartbeat: false, Entries.Length: 0 }:
                message = message with { Commit = default };
                break;
            case FlawKind.LosesSnapshotAnswers:
                return message.Kind != RaftMessageKind.SnapshotReply;
            case FlawKind.UsesRealChance:
                return Random.Shared.Next(100) != 0;
        }
        return true;
    }

    /// <summary>A message is about to leave; false loses it.</summary>
    public bool Leaves(SimServer server, ref RaftMessage message)
    {
        switch (Kind)
        {
            case FlawKind.VotesTwice when message is { Kind: RaftMessageKind.VoteReply, Success: false } && server.Raft!.VotedFor.Length > 0 && message.Term == server.Raft.Term:
                message = message with { Success = true };
                break;
            case FlawKind.NeverRefuses when message is { Kind: RaftMessageKind.AppendReply, Success: false, Heartbeat: false }:
                return false;
        }
        return true;
    }

    private StateRoot Change(StateRoot root, Action<CommandApplier> change)
    {
        var applier = new CommandApplier(root);
        change(applier);
        var changed = applier.Publish(out _);
        _world.Mark("state changed");
        return changed;
    }

    private LogEntry[] Garble(ReadOnlySpan<LogEntry> entries)
    {
        var changed = entries.ToArray();
        ref var entry = ref changed[_chance.Next(changed.Length)];
        if (entry.Type != EntryType.Command) return changed;
        var data = entry.Data.ToArray();
        data[^1] ^= 1;
        entry = entry with { Data = data };
        return changed;
    }
}
