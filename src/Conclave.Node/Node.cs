using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.Autopilot;
using Conclave.Node.Integrity;
using Conclave.Node.LeaderDuties;
using Conclave.Node.Pool;
using Conclave.Node.Requests;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// One server, composed of cores without I/O and itself without I/O: inputs are method calls, what is to be done stands in <see cref="Outbox"/>.
/// Owned by one loop. A turn is <see cref="OnTick"/>, any number of other inputs, <see cref="EndTurn"/>, and carrying out the outbox.
/// </summary>
public sealed class Node : IAppliedEntries
{
    private readonly NodeConfig _config;
    private readonly Replica _replica;
    private readonly ProposalQueue _proposals;
    private readonly HeldRequests _held;
    private readonly LockDelays _lockDelays = new();
    private readonly CommandGate _gate;
    private readonly SnapshotCoordinator _snapshots;
    private readonly Duties _duties;
    private readonly PoolView _pool = new();
    private readonly MemberReconciler _members;
    private readonly LostContacts _lost;
    private readonly List<string> _changedMembers = [];
    private readonly ReadBarriers _reads;
    private readonly SnapshotSending _sending;
    private readonly SnapshotReceiving _receiving;
    private readonly ScrubDuty _scrub;
    private readonly AutopilotDuty _autopilot;
    private readonly RestoreDuty _restore;
    private readonly RecoveryDuty _recovery;
    private readonly ServerRequests _servers;
    private readonly Func<string, ServerProgress?> _progressOf;
    private readonly List<NodeRequest> _scratch = [];
    private Instant _now;
    private WallTime _wall;

    // The leader may serve and propose once an entry of its own term is applied: only then does its state hold everything that was ever acknowledged.
    private bool _isReadyLeader;
    private readonly Freshness _freshness;
    private bool _becameReady;

    /// <summary>Starts from what was recovered.</summary>
    public Node(NodeConfig config, RecoveredNode recovered, Prng random, Instant now, WallTime wall)
    {
        _config = config;
        _now = now;
        _wall = wall;
        _proposals = new ProposalQueue(config.Limits);
        _held = new HeldRequests(config.Limits, config.LeaderHoldTime);
        var coordinates = new CoordinateBatch(config.Limits);
        _gate = new CommandGate(config, random.Split("ids"), _lockDelays, coordinates);
        _lost = new LostContacts(Outbox);
        _members = new MemberReconciler(config, _pool, () => _replica!.Root, ProposeAt, (level, text) => Outbox.Write(level, "server", text));
        _duties = new Duties(config, coordinates, _members, ProposeOwn);
        _replica = new Replica(recovered, config, random.Split("raft"), now, this);
        _reads = new ReadBarriers(_replica.Raft, Outbox);
        _snapshots = new SnapshotCoordinator(config.Limits, recovered.Snapshots, _replica);
        _sending = new SnapshotSending(config.Limits, recovered.Snapshots, _replica, _snapshots, Outbox);
        _receiving = new SnapshotReceiving(recovered.Snapshots, _replica, _snapshots, Outbox);
        _scrub = new ScrubDuty(config.Limits, recovered.Wal, recovered.Snapshots, _replica, _snapshots, now);
        _freshness = new Freshness(config.Raft.TickGapMax);
        _servers = new ServerRequests(_replica.Raft, Outbox);
        _restore = new RestoreDuty(recovered.Snapshots, _replica, _snapshots, Outbox);
        _recovery = new RecoveryDuty(recovered.Raft.Recovery is not null, recovered.Snapshots, _replica, _snapshots, Outbox);
        _autopilot = new AutopilotDuty(config.Identity.NodeId, config.Raft.HeartbeatTimeout / 2);
        _progressOf = ProgressOf;
        _snapshots.Start(recovered.Raft.SnapshotIndex, recovered.Raft.SnapshotTerm, now);
        foreach (var note in recovered.Notes) Outbox.Write(note.Level, note.Area, note.Text);
        Outbox.Root = _replica.Root;
        Outbox.Status = BuildStatus();
    }

    /// <summary>What is to be done; carried out and cleared by whoever runs the node.</summary>
    public Outbox Outbox { get; } = new();

    /// <summary>When <see cref="OnTick"/> must be called at the latest.</summary>
    public Instant NextWake
    {
        get
        {
            var wake = Earlier(_replica.NextWake, Earlier(_held.NextDeadline, Earlier(_snapshots.NextWake, _scrub.NextWake)));
            return _isReadyLeader ? Earlier(wake, Earlier(_duties.NextWake, _autopilot.NextWake)) : wake;
        }
    }

    /// <summary>Until when this leader may answer linearizable reads from its newest root without asking anyone; default when it may not.</summary>
    public Instant LeaseUntil => _isReadyLeader ? _replica.Raft.LeaseUntil : default;

    /// <summary>When the newest root was certainly up to date; null when that is not known since the start.</summary>
    public Instant? FreshAt => _freshness.FreshAt;

    /// <summary>What the state's digest was behind entries on its way, to be compared with other servers'. For anybody.</summary>
    public DigestTrail Digests => _replica.Digests;

    /// <summary>How the servers are doing, as of the last look; empty while this server does not lead. A list that never changes.</summary>
    public IReadOnlyList<ServerHealth> Health => _autopilot.Servers;

    /// <summary>Where the log stands. For the loop only.</summary>
    public NodeProgress Progress
    {
        get
        {
            var raft = _replica.Raft;
            string state = raft.Role switch { RaftRole.Leader => "Leader", RaftRole.Follower => "Follower", _ => "Candidate" };
            return new NodeProgress(state, raft.Term.Value, raft.LastIndex.Value, raft.LastTerm.Value, raft.CommitIndex.Value, _replica.Applied.Value, _snapshots.LastIndex.Value, _snapshots.LastTerm.Value, _proposals.Count);
        }
    }

    /// <summary>The replicated state, for simulations to look at.</summary>
    internal Replica Replica => _replica;

    /// <summary>Requests that wait for a leader.</summary>
    internal int HeldCount => _held.Count;

    /// <summary>Damages on disk whose content was saved anew, for simulations to look at.</summary>
    internal int DamagesRepaired => _scrub.Repaired;

    /// <summary>Delays of locks, for simulations to look at.</summary>
    internal LockDelays LockDelays => _lockDelays;

    /// <summary>Told each entry that was applied, for simulations.</summary>
    internal Action<LogEntry>? Applied { get; set; }

    /// <summary>Begins a turn at <paramref name="now"/>; does what is due.</summary>
    public void OnTick(Instant now, WallTime wall)
    {
        (_now, _wall) = (now, wall);
        _replica.Tick(now);
        while (_held.TryTakeOverdue(now, out var overdue)) Fail(overdue, ErrorTexts.NoLeader);
        _lockDelays.Forget(now);
        if (_isReadyLeader) _duties.OnTick(now, _config.AlwaysTrustsPool || _autopilot.SeesWhoAnswers);
        if (_isReadyLeader && !_restore.IsRunning && now >= _autopilot.NextWake) LookAfterServers();
        _scrub.OnTick(now, Outbox);
        _snapshots.OnTick(now, wall, Outbox);
    }

    /// <summary>Takes a request. It belongs to the node until it stands among the outbox's completions.</summary>
    public void OnRequest(NodeRequest request)
    {
        if (_isReadyLeader) Serve(request);
        else if (!_held.TryAdd(request, _now)) Fail(request, ErrorTexts.NoLeader);
    }

    /// <summary>Takes a message from another server, of any kind but <see cref="RaftMessageKind.Snapshot"/>. Whatever it says, the node survives it.</summary>
    public void OnMessage(in RaftMessage message)
    {
        if (message.Kind == RaftMessageKind.Snapshot) return;  // a stream: OnSnapshotOffered
        _lost.OnHeard(message.From, _now);
        _replica.Raft.Step(message);
        if (message.Kind == RaftMessageKind.SnapshotReply) _sending.OnAnswered(message);
    }

    /// <summary>
    /// Takes over what gossip knows of the datacenter: the complete list, ordinal by name, which must never change; members that are as before should be the same objects. The leader adds,
    /// promotes and removes servers by it, and keeps the catalog true to it.
    /// </summary>
    public void OnMembers(IReadOnlyList<PoolMember> members)
    {
        _changedMembers.Clear();
        bool hasServer = _pool.Replace(members, _changedMembers);
        _members.OnChanged(_changedMembers, _now);
        if (!hasServer) return;
        _autopilot.OnMembers(members, _now);
        _lost.OnMembers(members);
        Outbox.Status = BuildStatus();
    }

    /// <summary>Takes over what may change while it runs: after how many entries a snapshot is due, how often that is looked at, and how many entries stay before it.</summary>
    public void Reconfigure(ulong snapshotThreshold, TimeSpan snapshotInterval, int trailingEntries)
    {
        _snapshots.Reconfigure(snapshotThreshold, snapshotInterval, _now);
        _replica.Raft.TrailingEntries = trailingEntries;
    }

    /// <summary>Forms a cluster of these servers; each of them may do so by itself, with the same list. False when this server belongs to one already, or has heard of one.</summary>
    public bool Bootstrap(Configuration servers) => _replica.Raft.Bootstrap(servers);

    /// <summary>Messages to a server cannot be delivered, or their answers were lost.</summary>
    public void OnUnreachable(string serverId)
    {
        _replica.Raft.OnUnreachable(serverId);
        _sending.Abort(serverId);
    }

    /// <summary>A leader offers a snapshot; what becomes of it is told in <see cref="Outbox.Downloads"/>.</summary>
    public void OnSnapshotOffered(SnapshotDownload download) => _receiving.OnOffered(download, _wall);

    /// <summary>The next bytes of a snapshot, after they were wanted. They belong to the node until the next ones are wanted.</summary>
    public void OnSnapshotChunk(SnapshotDownload download, ReadOnlyMemory<byte> chunk) => _receiving.OnChunk(download, chunk);

    /// <summary>The stream of a snapshot has ended before all bytes were there.</summary>
    public void OnSnapshotBroken(SnapshotDownload download) => _receiving.OnBroken(download);

    /// <summary>The chunk of a snapshot has left.</summary>
    public void OnChunkSent(SnapshotUpload upload) => _sending.OnSent(upload);

    /// <summary>A snapshot cannot be sent, or its answer is not what it should be.</summary>
    public void OnUploadFailed(SnapshotUpload upload) => _sending.OnFailed(upload);

    /// <summary>Takes back a disk job that has run.</summary>
    public void OnDiskDone(DiskJob job)
    {
        job.Complete();
        _replica.OnDiskDone();
    }

    /// <summary>Ends a turn: works through all that the inputs set in motion and fills <see cref="Outbox"/>.</summary>
    public void EndTurn()
    {
        try
        {
            while (Settle()) { }
            _freshness.Note(_replica.Raft, _replica.Applied, _now);
        }
        catch (UnknownCommandException unknown)
        {
            Outbox.Fatal = unknown.Message;
        }
        catch (MsgPackException malformed)
        {
            Outbox.Fatal = $"The log holds a command that cannot be read, behind index {_replica.Applied}: {malformed.Message}";
        }
        if (_replica.Failure is { } failure) Outbox.Fatal = $"The Raft log could not be made durable, the server stops: {failure.Message}";
    }

    /// <summary>Fails everything that waits, because the node goes down.</summary>
    public void Abandon()
    {
        FailProposals(ErrorTexts.ShuttingDown);
        while (_held.TryTake(out var request)) Fail(request, ErrorTexts.ShuttingDown);
        _reads.FailAll(ErrorTexts.ShuttingDown);
        _servers.FailAll(ErrorTexts.ShuttingDown);
    }

    // The state is another one: whatever was known of sessions and tombstones is not true of it, and what was in flight is gone.
    private void BeginAnew()
    {
        FailProposals(ErrorTexts.AbortedByRestore);
        Outbox.Status = BuildStatus();                         // the agent looks anew for what the catalog lacks
        if (!_isReadyLeader) return;
        _duties.BeginAnew(_replica.Root, _now, _wall);
    }

    // True when it made new proposals, which must be settled in the same turn.
    private bool Settle()
    {
        if (_restore.TakeReplaced()) BeginAnew();
        _recovery.Advance();
        bool changed = _replica.Settle(Outbox);
        if (changed) OnLeadershipChanged();
        _reads.Complete(_replica.Applied);
        _servers.OnCommitted();
        if (!_becameReady) return !_replica.Raft.Effects.IsEmpty;

        _becameReady = false;
        BecomeReady();
        return true;
    }

    private void OnLeadershipChanged()
    {
        _autopilot.Wake(_now);
        if (_isReadyLeader && _replica.Raft.Role != RaftRole.Leader) Resign();
        if (_replica.Raft.Role != RaftRole.Leader) _sending.AbortAll();
        Outbox.Status = BuildStatus();
    }

    private void BecomeReady()
    {
        _isReadyLeader = true;
        Outbox.Status = BuildStatus();
        Outbox.Write(NodeLogLevel.Info, "server", "cluster leadership acquired");
        _duties.TakeLeadership(_replica.Root, _now, _wall);
        _autopilot.TakeLeadership(_now);
        _duties.OnTick(_now, isPoolTrusted: false);
        while (_held.TryTake(out var request)) Serve(request);
    }

    private void Resign()
    {
        _isReadyLeader = false;
        Outbox.Write(NodeLogLevel.Info, "server", "cluster leadership lost");
        _duties.Resign();
        _autopilot.Resign();
        _restore.Resign();
        _servers.FailAll(ErrorTexts.LeadershipLost);
        FailProposals(ErrorTexts.LeadershipLost);
    }

    private void LookAfterServers()
    {
        var raft = _replica.Raft;
        _replica.Root.Autopilot(null, out var stored);
        var self = new ServerProgress(TimeSpan.Zero, raft.LastTerm.Value, raft.LastIndex.Value);
        var change = _autopilot.Look(_now, _wall, stored ?? _config.Autopilot, raft.Configuration, self, _progressOf);
        // Without a pool nobody is known, and nobody is changed.
        if (change is null || _autopilot.Members.Count == 0) return;
        if (raft.ProposeConfiguration(change.Next, out var index) == ProposeResult.Accepted) Outbox.Write(NodeLogLevel.Info, "server.raft", $"updating configuration: index={index} reason=\"{change.Reason}\"");
    }

    private ServerProgress? ProgressOf(string serverId)
    {
        if (_replica.Raft.ProgressOf(serverId) is not var (silence, match)) return null;
        _replica.Raft.TryTermAt(match, out var term);
        return new ServerProgress(silence, term.Value, match.Value);
    }

    private void Serve(NodeRequest request)
    {
        switch (request.Kind)
        {
            case NodeRequestKind.Apply:
                Propose(request);
                break;
            case NodeRequestKind.RenewSession:
                request.Session = _duties.Renew(request.SessionId, _replica.Root, _now);
                request.Result = ApplyResult.None;
                Outbox.Complete(request);
                break;
            case NodeRequestKind.RemoveServer when !_restore.IsRunning:
                _servers.Remove(request);
                break;
            case NodeRequestKind.TransferLeadership when !_restore.IsRunning:
                _servers.Transfer(request);
                break;
            case NodeRequestKind.RemoveServer or NodeRequestKind.TransferLeadership:
                Fail(request, "a snapshot is being restored");
                break;
            case NodeRequestKind.Restore:
                _restore.Begin(request, _wall);
                break;
            case NodeRequestKind.ReadBarrier:
                _reads.Add(request);
                break;
            default:
                Fail(request, $"unknown request kind {request.Kind}");
                break;
        }
    }

    private void Propose(NodeRequest request)
    {
        var admission = _gate.Admit(request.Command, _now);
        request.Command = default;
        if (!admission.IsProposal)
        {
            request.Result = admission.Answer;
            Outbox.Complete(request);
        }
        else if (Append(admission.Command, request, out _) is var outcome and not ProposeResult.Accepted) Fail(request, RefusalOf(outcome, admission.Command));
    }

    // While leadership is handed over nobody leads: whoever waits for a leader finds the new one in a moment.
    private static string RefusalOf(ProposeResult outcome, ReadOnlyMemory<byte> command) =>
        outcome is ProposeResult.TransferInProgress or ProposeResult.NotLeader ? ErrorTexts.NoLeader : ErrorPrefix(command.Span[0]) + ErrorTexts.Overloaded;

    private bool ProposeOwn(byte[] command) => Append(command, request: null, out _) == ProposeResult.Accepted;

    private ulong ProposeAt(byte[] command) => Append(command, request: null, out var index) == ProposeResult.Accepted ? index.Value : 0;

    private ProposeResult Append(ReadOnlyMemory<byte> command, NodeRequest? request, out LogIndex index)
    {
        index = default;
        if (_restore.IsRunning || !_proposals.HasRoom(command.Length)) return ProposeResult.Overloaded;
        var outcome = _replica.Raft.Propose(EntryType.Command, command, out index, more: true);
        if (outcome == ProposeResult.Accepted) _proposals.Add(index.Value, command.Length, request);
        return outcome;
    }

    private void Fail(NodeRequest request, string text)
    {
        request.Result = ApplyResult.Error(text);
        Outbox.Complete(request);
    }

    private void FailProposals(string text)
    {
        _scratch.Clear();
        _proposals.Drain(_scratch);
        foreach (var request in _scratch) Fail(request, text);
        _scratch.Clear();
    }

    void IAppliedEntries.OnApplied(in LogEntry entry, in ApplyResult result)
    {
        if (entry.Type == EntryType.Noop) _restore.OnNoop(entry);
        if (entry.Type == EntryType.Noop && !_isReadyLeader && _replica.Raft.Role == RaftRole.Leader && entry.Term == _replica.Raft.Term) _becameReady = true;
        Applied?.Invoke(entry);
        if (_proposals.TakeApplied(entry.Index.Value) is not { } request)
        {
            if (_isReadyLeader && result.Kind == ApplyResultKind.Error) Outbox.Write(NodeLogLevel.Warning, "server", $"a write of the leader itself was refused: index={entry.Index} error=\"{result.Text}\"");
            return;
        }
        request.Result = result.Kind == ApplyResultKind.Error ? ApplyResult.Error(ErrorPrefix(entry.Data.Span[0]) + result.Text).At(entry.Index.Value) : result.At(entry.Index.Value);
        Outbox.Complete(request);
    }

    void IAppliedEntries.OnPublished(CommandApplier applier)
    {
        // Every server notes lock delays, from its own clock: whoever leads next needs them.
        var ended = applier.TakeEndedSessions();
        var created = applier.TakeCreatedSessions();
        ulong tombstone = applier.TakeNewestTombstone();
        foreach (var (session, keys) in ended)
            foreach (byte[] key in keys) _lockDelays.Note(key, session.LockDelayNanoseconds, _now);
        if (!_isReadyLeader) return;
        foreach (var session in created) _duties.OnSessionCreated(session, _now);
        foreach (var (session, _) in ended) _duties.OnSessionEnded(session.Id);
        if (tombstone > 0) _duties.OnTombstone(tombstone, _now, _wall);
    }

    void IAppliedEntries.OnSnapshotWanted(in RaftMessage message) => _sending.Begin(message);

    void IAppliedEntries.OnReadAnswered(in ReadGranted read) => _reads.OnAnswered(read);

    private ClusterStatus BuildStatus()
    {
        var raft = _replica.Raft;
        var configuration = raft.Configuration;
        var servers = new ServerStatus[configuration.Servers.Length];
        var addresses = new List<string>(servers.Length);
        string leaderId = _isReadyLeader || raft.Role != RaftRole.Leader ? raft.LeaderId : "";
        for (int i = 0; i < servers.Length; i++)
        {
            var server = configuration.Servers[i];
            string name = server.Id == _config.Identity.NodeId ? _config.Identity.NodeName : _autopilot.Find(server.Id)?.Name ?? "(unknown)";
            servers[i] = new ServerStatus(server.Id, name, server.Address, server.Suffrage == Suffrage.Voter, server.Id == leaderId);
            if (server.Suffrage == Suffrage.Voter) addresses.Add(server.Address);
        }
        return new ClusterStatus(_isReadyLeader, configuration.Find(leaderId)?.Address ?? "", leaderId, raft.Term.Value, addresses)
        {
            Servers = servers,
            ConfigurationIndex = raft.ConfigurationIndex.Value,
            IsSoleVoter = configuration.VoterCount == 1 && configuration.IsVoter(_config.Identity.NodeId),
        };
    }

    private static string ErrorPrefix(byte commandType) => (CommandType)commandType switch
    {
        CommandType.KVS => "raft apply failed: ",
        CommandType.Session => "apply failed: ",
        _ => "",
    };

    private static Instant Earlier(Instant a, Instant b) => a < b ? a : b;
}
