using System.Runtime.InteropServices;
using Conclave.Core;
using Conclave.Node.Integrity;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// The replicated state: Raft decides the order, the log keeps it, the applier makes state of it. Without a log on disk (<c>null</c>) entries count as durable at once.
/// </summary>
internal sealed class Replica
{
    // Reading and applying a small entry costs a restart about as much as so many bytes of a large one; its record on disk is that much longer, too.
    private const int EntryCostBytes = 128;

    // Nodes of the state that transactions replace are kept until the batch is published: a restart applies hundreds of thousands of entries at once, and must not keep all of theirs.
    private const long BatchBytes = 1 << 20;

    private static readonly ForgetfulDisk s_noDisk = new();

    private readonly RaftCore _raft;
    private readonly Wal? _wal;
    private CommandApplier _applier;
    private readonly Queue<(ulong Ticket, RaftMessage Message)> _unflushedMessages = new();
    private readonly IAppliedEntries _listener;
    private readonly Func<RaftMessage, bool>? _leavesEarly;
    private readonly List<string> _emptyFetches = [];         // what is not in memory is nowhere when there is no disk
    private ulong _termTicket;                                 // of the newest record of term and vote

    public Replica(RecoveredNode recovered, NodeConfig config, Prng random, Instant now, IAppliedEntries listener)
    {
        _wal = recovered.Wal;
        _leavesEarly = config.LeavesEarly;
        _raft = new RaftCore(config.Raft, recovered.Raft, random, now);
        _applier = new CommandApplier(recovered.Root);
        _listener = listener;
        Root = recovered.Root;
        Applied = recovered.Raft.SnapshotIndex;
        AppliedTerm = recovered.Raft.SnapshotTerm;
    }

    /// <summary>The newest state.</summary>
    public StateRoot Root { get; private set; }

    /// <summary>Last applied entry.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>Its term.</summary>
    public Term AppliedTerm { get; private set; }

    /// <summary>Bytes of all commands applied since the start, with <see cref="EntryCostBytes"/> for each.</summary>
    public long AppliedBytes { get; private set; }

    public RaftCore Raft => _raft;

    /// <summary>Digests of the state on its way.</summary>
    public DigestTrail Digests { get; } = new();

    /// <summary>Why the log on disk cannot be trusted any more, or null.</summary>
    public DiskException? Failure => _wal?.Failure;

    /// <summary>When <see cref="Tick"/> must be called at the latest.</summary>
    public Instant NextWake => _wal is not null && _wal.NextWake < _raft.NextWake ? _wal.NextWake : _raft.NextWake;

    public void Tick(Instant now)
    {
        _raft.Tick(now);
        _wal?.Tick(now);
    }

    /// <summary>A disk job of the log has ended: what it made durable counts from now on.</summary>
    public void OnDiskDone()
    {
        if (_wal is { DurableIndex.Value: > 0 } wal) _raft.OnFlushed(wal.DurableIndex, wal.DurableTerm);
    }

    /// <summary>A snapshot of the state at <paramref name="index"/> is durable: the log before it goes, except what lies behind <paramref name="neededAfter"/> and what followers may need.</summary>
    /// <param name="index">Last entry in the snapshot.</param>
    /// <param name="neededAfter">The log behind this entry stays on disk.</param>
    /// <param name="isLogForFollowers">Followers that lag are told these entries, too, instead of the snapshot.</param>
    public void Compact(LogIndex index, LogIndex neededAfter, bool isLogForFollowers)
    {
        var end = _raft.OnSnapshotSaved(index, isLogForFollowers ? neededAfter : index);
        _wal?.TruncatePrefix(end < neededAfter ? end : neededAfter);
    }

    /// <summary>The log goes on in a new segment, so that those up to now can go once their entries are in a snapshot. The result is the last one of them.</summary>
    public LogIndex LeaveLogSegment()
    {
        var last = _wal!.LastIndex;                            // a write may be under way into the segment
        _wal.BeginNewSegment();
        _wal.SaveTerm(_raft.Term, _raft.VotedFor);             // something must be written, also when nobody writes
        return last;
    }

    /// <summary>Entries up to <paramref name="index"/> are in all snapshots: the log before it goes, whoever may want to read it.</summary>
    public void DropLog(LogIndex index) => _wal!.TruncatePrefix(index);

    /// <summary>Works through everything Raft wants until it wants no more; disk work and messages go to the outbox. True when leadership or configuration changed.</summary>
    public bool Settle(Outbox outbox)
    {
        bool changed = false;
        _raft.SendProposals();
        while (!_raft.Effects.IsEmpty)
        {
            var effects = _raft.Effects;
            changed |= effects.LeadershipChanged | effects.ConfigurationChanged;
            Record(effects);
            Post(effects, outbox);
            Fetch(effects, outbox);
            foreach (var read in effects.Reads) _listener.OnReadAnswered(read);
            bool recorded = effects.Appends.Count > 0;
            bool committed = effects.Committed;
            effects.Clear();                                           // before new inputs: those make new effects
            if (recorded && _wal is null) _raft.OnFlushed(_raft.LastIndex, _raft.LastTerm);
            if (committed) Apply(outbox);
            foreach (string peer in _emptyFetches) _raft.OnFetched(peer, default);
            _emptyFetches.Clear();
        }
        while (_wal is not null && _wal.TryTakeJob(out var job)) outbox.Submit(job!);
        ReleaseMessages(outbox);
        return changed;
    }

    /// <summary>Hands out a job; without a disk it runs at once.</summary>
    public void Submit(DiskJob job, Outbox outbox)
    {
        if (_wal is not null)
        {
            outbox.Submit(job);
            return;
        }
        job.Run(s_noDisk);
        job.Complete();
    }

    /// <summary>The state becomes that of a snapshot, which is durable; the log goes on behind it unless it holds what lies behind it already.</summary>
    public void Install(SnapshotOffer offer, StateRoot root, Outbox outbox)
    {
        var end = new LogReset(offer.Message.LogIndex, offer.Message.LogTerm);
        _raft.OnSnapshotInstalled(offer.Message, end, offer.Configuration, offer.ConfigurationIndex);
        if (_raft.Effects.Reset is not null) Replace(root, end, outbox);
    }

    /// <summary>What was recovered by a list of peers is given up: log and state begin anew.</summary>
    public void GiveWay(Outbox outbox)
    {
        _raft.GiveWay();
        Replace(new StateRoot(), default, outbox);
    }

    /// <summary>Stands for all that was given to the log so far.</summary>
    public ulong LogTicket => _wal!.AppendedTicket;

    /// <summary>Whether all that was given to the log before a ticket survives a crash.</summary>
    public bool IsDurable(ulong ticket) => _wal!.DurableTicket >= ticket;

    /// <summary>The state becomes another one, which ends at <paramref name="end"/>.</summary>
    public void Replace(StateRoot root, LogReset end, Outbox outbox)
    {
        outbox.Abandon(Root);
        Digests.Clear();
        _applier = new CommandApplier(root);
        if (root.LastIndex < end.Index.Value) _applier.Skip(end.Index);
        Root = _applier.Publish(out _);
        (Applied, AppliedTerm) = (end.Index, end.Term);
        outbox.Root = Root;
    }

    private void Fetch(RaftEffects effects, Outbox outbox)
    {
        foreach (var fetch in effects.Fetches)
        {
            string peer = fetch.PeerId;
            if (_wal is null) _emptyFetches.Add(peer);
            else outbox.Submit(_wal.Read(new LogRange(fetch.From, fetch.To, fetch.EntriesMax, fetch.BytesMax, fetch.Terms), entries => _raft.OnFetched(peer, entries)));
        }
    }

    private void Record(RaftEffects effects)
    {
        if (_wal is null) return;
        if (effects.HardStateChanged)
        {
            _wal.SaveTerm(_raft.Term, _raft.VotedFor);
            _termTicket = _wal.AppendedTicket;
        }
        if (effects.Truncation is { } truncation) _wal.TruncateSuffix(truncation.From, truncation.LastTerm);
        if (effects.Reset is { } reset) _wal.Reset(reset.Index, reset.Term);
        if (effects.Appends.Count > 0) _wal.Append(CollectionsMarshal.AsSpan(effects.Appends));
    }

    private void Post(RaftEffects effects, Outbox outbox)
    {
        foreach (var message in effects.Messages)
        {
            if (message.AfterFlush && _wal is not null && _leavesEarly?.Invoke(message.Message) != true) PostAfterFlush(message.Message, outbox);
            else Send(message.Message, outbox);
        }
    }

    // A snapshot is more than a message.
    private void Send(in RaftMessage message, Outbox outbox)
    {
        if (message.Kind == RaftMessageKind.Snapshot) _listener.OnSnapshotWanted(message);
        else outbox.Send(message);
    }

    private void PostAfterFlush(in RaftMessage message, Outbox outbox)
    {
        ulong ticket = message is { Kind: RaftMessageKind.AppendReply, Heartbeat: true } ? _termTicket : _wal!.AppendedTicket;
        if (ticket <= _wal!.DurableTicket) Send(message, outbox);
        else _unflushedMessages.Enqueue((ticket, message));
    }

    private void ReleaseMessages(Outbox outbox)
    {
        while (_unflushedMessages.TryPeek(out var first) && first.Ticket <= _wal!.DurableTicket)
            Send(_unflushedMessages.Dequeue().Message, outbox);
    }

    private void Apply(Outbox outbox)
    {
        while (Applied < _raft.CommitIndex)
        {
            ApplyBatch();
            _raft.OnApplied(Applied);
            Root = _applier.Publish(out var fired);
            outbox.Root = Root;
            outbox.Fire(fired);
            _listener.OnPublished(_applier);
        }
    }

    private void ApplyBatch()
    {
        long end = AppliedBytes + BatchBytes;
        while (Applied < _raft.CommitIndex && AppliedBytes < end)
        {
            var entry = _raft.Entry(Applied.Next);
            _listener.OnApplied(entry, _applier.Apply(entry));
            Applied = entry.Index;
            AppliedTerm = entry.Term;
            if (DigestTrail.Picks(entry.Index.Value)) Digests.Note(entry.Index.Value, _applier.Digest);
            AppliedBytes += entry.Data.Length + EntryCostBytes;
        }
    }
}

/// <summary>Told, in order, what the replica applied.</summary>
internal interface IAppliedEntries
{
    /// <summary>An entry was applied; the state is not published yet.</summary>
    void OnApplied(in LogEntry entry, in Core.Model.ApplyResult result);

    /// <summary>The batch is in the published state.</summary>
    void OnPublished(CommandApplier applier);

    /// <summary>A follower needs a snapshot.</summary>
    void OnSnapshotWanted(in RaftMessage message);

    /// <summary>A read that was asked for is allowed or refused.</summary>
    void OnReadAnswered(in ReadGranted read);
}
