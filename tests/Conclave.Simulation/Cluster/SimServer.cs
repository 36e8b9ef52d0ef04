using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// One server: the production node on a disk, clocks and a network that are not real. A turn of its loop takes what has come, as the pump does, and carries out the
/// outbox in the outbox's order; disk work takes time and comes back as an input.
/// </summary>
internal sealed partial class SimServer : SimProcess
{
    private const int Turn = 2, JobEnds = 3, JobReturns = 4, Sent = 5;

    private const int SpinsMax = 100;
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(1);

    private readonly SimCluster _cluster;
    private readonly List<ServerInput> _inbox = [], _taken = [];
    private readonly LogShadow _shadow;
    private readonly RaftEnvelope _envelope = new();
    private long _life;
    private Configuration? _first;
    private readonly FreshnessRules _freshness;
    private bool _turnIsDue, _wasGivingWay;
    private Trap? _sprung;
    private ulong _committed;
    private int _generation, _spins, _repaired;
    private Instant _lastWake;

    public SimServer(SimCluster cluster, int slot) : base(cluster.World, cluster.Network, slot)
    {
        _cluster = cluster;
        _shadow = new LogShadow(cluster.Matching, cluster.Committed);
        _freshness = new FreshnessRules(cluster.Settings.Raft.TickGapMax);
        Identity = NewIdentity();
        Disk = NewDisk();
        Promises = new Promises(Identity.NodeId);
        long drift = cluster.Settings.DriftPpmMax;
        if (drift > 0) Clock.SetDrift(World.Now, Chance.Next(2 * drift + 1) - drift);
    }

    /// <summary>Name, id and address. The id belongs to the disk: a server with a new disk is a new one.</summary>
    public NodeIdentity Identity { get; private set; }

    public string ServerId => Identity.NodeId;

    public RaftServer Member(Suffrage suffrage) => new(Identity.NodeId, Identity.RpcAddress, suffrage);

    public SimDisk Disk { get; private set; }

    public Promises Promises { get; private set; }

    /// <summary>Null while it is down.</summary>
    public Node.Node? Node { get; private set; }

    public RaftCore? Raft => Node?.Replica.Raft;

    /// <summary>What readers see.</summary>
    public StateRoot Root { get; private set; } = new();

    public ClusterStatus Status { get; private set; } = new(IsLeader: false, "", "", 0, []);

    /// <summary>The configuration that was in force for it last, while it is down too: its log may hold it.</summary>
    public Configuration Configuration { get; private set; } = Configuration.Empty;

    /// <summary>Grows with each start.</summary>
    public long Life => _life;

    /// <summary>End of its log when it was elected last.</summary>
    public ulong LedFrom { get; private set; }

    /// <summary>Entries up to here came to this process in a snapshot: it did not see them being applied.</summary>
    public ulong SnapshotBase { get; private set; }

    /// <summary>Its disk cannot be used any more: it can only come back as another server.</summary>
    public bool IsLost { get; private set; }

    /// <summary>It has a new disk and a new id at an old address.</summary>
    public bool IsReplacement => _generation > 1;

    /// <summary>It will not come back, although it could.</summary>
    public bool IsGoneForGood { get; set; }

    /// <summary>It may be a member: it was started once.</summary>
    public bool WasStarted { get; private set; }

    /// <summary>It is down and is started by nobody but the play of an outage.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>It was given a list of peers, and what it has recovered is not known to be committed yet.</summary>
    public bool IsUnearned { get; private set; }

    /// <summary>It holds what it ever promised, or can find it on its disk.</summary>
    public bool IsWhole => WasStarted && !IsLost && !Disk.IsDamaged;

    /// <summary>Starts on what its disk holds. With <paramref name="first"/> a new disk gets a log with that configuration in it. False when it cannot.</summary>
    public bool TryStart(Configuration? first = null)
    {
        if (IsUp || IsLost) return false;
        first = _first ??= first;                              // a loss of power may come before it is on the disk
        var config = _cluster.ConfigOf(Identity);
        RecoveredNode recovered;
        try
        {
            recovered = NodeRecovery.FromDisk(config, Disk.Content, _cluster.Settings.Wal, Chance.Split("recovery"), Clock.Wall(World.Now));
        }
        catch (DiskException failure)
        {
            _cluster.Trace("{a} cannot start: {c}", Id, c: failure.Message);
            Disk.Content.KillProcess();
            return false;
        }
        catch (WalDamagedException damage) when (Disk.WasDamaged)
        {
            _cluster.Trace("{a} is lost: {c}", Id, c: damage.Message);
            World.Mark("damage found at start");
            IsLost = true;
            _cluster.Losses++;
            return false;
        }
        if (first is not null && recovered.Raft.Term.Value == 0) recovered = Bootstrap(recovered, first);
        recovered = _cluster.Flaws.Recover(recovered);
        Promises.Check(recovered);
        Begin(config, recovered);
        return true;
    }

    /// <summary>The process ends without a word; with <paramref name="powerFails"/> the machine does, and takes with it what was not flushed.</summary>
    public void Crash(bool powerFails)
    {
        if (!IsUp) return;
        _cluster.Trace(powerFails ? "{a} loses power" : "{a} is killed", Id);
        BreakJobs(powerFails);
        if (powerFails) Disk.Content.Restart();
        else Disk.Content.KillProcess();
        End(machineDead: powerFails);
    }

    /// <summary>The disk is gone with all on it; what comes back at this address is another server.</summary>
    public void Replace()
    {
        Crash(powerFails: true);
        IsLost = false;
        _cluster.Losses++;
        Identity = NewIdentity();
        Disk = NewDisk();
        Promises = new Promises(Identity.NodeId);
        Configuration = Configuration.Empty;
        IsUnearned = false;
        _first = null;
    }

    /// <summary>The end of the log on the disk of a server that is down, 0 without one; null when it cannot be read.</summary>
    public SnapshotPoint? LogEnd()
    {
        try
        {
            var folder = DataFolder.Recover(Disk.Content, _cluster.Settings.Wal, trailing: 0, Chance.Split("look"));
            folder.Newest?.Dispose();
            return folder.Log.Entries is { Count: > 0 } entries ? new SnapshotPoint(entries[^1].Index, entries[^1].Term) : folder.Newest?.Meta.End ?? default;
        }
        catch (Exception failure) when (failure is DiskException or WalDamagedException)
        {
            return null;
        }
        finally
        {
            Disk.Content.KillProcess();
        }
    }

    /// <summary>An operator puts a list of peers on its disk while it is down.</summary>
    public void BeginOutage(Configuration list, byte[] file)
    {
        var disk = Disk.Content;
        var id = disk.Open(DiskLayout.PeersJson, FileOpening.Replace);
        disk.Write(id, 0, file);
        disk.Flush(id);
        disk.Close(id);
        disk.FlushDirectory(DiskLayout.Raft);
        Configuration = list;
        IsUnearned = true;
        Promises.OnOutage();
    }

    /// <summary>Gives the loop something to do.</summary>
    public void Post(in ServerInput input)
    {
        if (!IsUp) return;
        _inbox.Add(input);
        if (_turnIsDue) return;
        _turnIsDue = true;
        World.At(World.Now + Chance.NextTimeSpan(TimeSpan.FromMicroseconds(200)), this, Turn, _life);
    }

    /// <summary>Something that an operator does, between two inputs.</summary>
    public void Do(Action<RaftCore> action) => Post(new ServerInput(InputKind.Action) { Action = action });

    public void Submit(NodeRequest request) => Post(new ServerInput(InputKind.Request) { Request = request });

    /// <summary>A reader on another thread may answer from the published state: it compares the lease with the clock itself. In a process that stands still nobody does.</summary>
    public bool MayReadByLease => Raft is { } raft && PausedUntil <= World.Now && raft.HoldsLease(LocalNow) && Root.LastIndex >= raft.CommitIndex.Value;

    /// <summary>Nothing is on its way through this server any more.</summary>
    public bool IsIdle => _inbox.Count == 0 && JobsUnderWay == 0;

    protected override void OnWake() => RunTurn();

    protected override void OnOwnEvent(in SimEvent happened)
    {
        if (happened.A != _life || !IsUp) return;
        // A loop that stands still takes nothing, but its disk goes on.
        if (happened.Kind == JobEnds)
        {
            EndJob((DiskLane)happened.B);
            return;
        }
        if (PausedUntil > World.Now)
        {
            World.At(PausedUntil, this, happened.Kind, happened.A, happened.B, happened.Item);
            return;
        }
        switch (happened.Kind)
        {
            case Turn: RunTurn(); break;
            case JobReturns: Post(new ServerInput(InputKind.DiskDone) { Job = (DiskJob)happened.Item! }); break;
            case Sent: Post(new ServerInput(InputKind.ChunkSent) { Upload = (SnapshotUpload)happened.Item! }); break;
        }
    }

    private void Begin(NodeConfig config, RecoveredNode recovered)
    {
        _life++;
        WasStarted = true;
        _inbox.Clear();
        _turnIsDue = false;
        SnapshotBase = recovered.Raft.SnapshotIndex.Value;
        _committed = 0;
        _repaired = 0;
        _freshness.OnStarted();
        if (!IsUnearned) _cluster.Committed.NoteSnapshot(Identity.NodeName, SnapshotBase);
        Root = recovered.Root;
        Node = new Node.Node(config, recovered, Chance.Split("node"), LocalNow, Clock.Wall(World.Now));
        Node.Applied = OnApplied;
        Up();
        _cluster.Trace("{a} starts: term {b}, {c}", Id, (long)recovered.Raft.Term.Value, $"snapshot {recovered.Raft.SnapshotIndex}, {recovered.Raft.Entries.Count} entries");
        RunTurn();
    }

    private void End(bool machineDead)
    {
        Down(machineDead);
        Node = null;
        Status = new(IsLeader: false, "", "", 0, []);
        _inbox.Clear();
        _shadow.Clear();
        Promises.OnGone();
        ForgetStreams();
        _cluster.OnServerGone(this);
    }

    private void RunTurn()
    {
        var node = Node!;
        _turnIsDue = false;
        node.OnTick(LocalNow, Clock.Wall(World.Now));
        _taken.AddRange(_inbox);
        _inbox.Clear();
        foreach (ref readonly var input in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_taken))
        {
            if (input is { Kind: InputKind.Message, Message: { Kind: RaftMessageKind.Append, Heartbeat: false } }) _freshness.OnHeard(LocalNow, World.Now, input.SentAt, input.Message.Commit.Value);
            input.GiveTo(node);
        }
        _taken.Clear();
        _cluster.Flaws.EndTurn(this, node);
        node.EndTurn();
        CarryOut(node);
    }

    private void CarryOut(Node.Node node)
    {
        var outbox = node.Outbox;
        foreach (var line in outbox.Log) _cluster.Trace("{a}: {c}", Id, c: line.Text);
        NoteRepair(node);
        if (outbox.Fatal is { } message)
        {
            outbox.Clear();
            _cluster.OnFatal(this, message);
            BreakJobs(powerFails: false);
            Disk.Content.KillProcess();
            End(machineDead: false);
            return;
        }
        Observe(node);
        if (_sprung is { } trap)
        {
            EndInTrap(outbox, trap);
            return;
        }
        foreach (var job in outbox.DiskJobs) StartJob(job);
        foreach (var sent in outbox.Messages) Send(sent);
        foreach (var upload in outbox.Uploads) CarryOut(upload);
        foreach (var download in outbox.Downloads) CarryOut(download);
        Publish(outbox);
        _freshness.Check(this, _cluster.Flaws.ClaimedFresh(node), LocalNow, _cluster.AcknowledgedLast);
        _cluster.Flaws.Answer(this, _cluster, outbox);
        foreach (var request in outbox.Completions) request.Complete();
        outbox.Clear();
        SetTimer(node.NextWake);
    }

    /// <inheritdoc/>
    public override void Pause(TimeSpan time)
    {
        if (IsUp) _freshness.OnPaused(World.Now, World.Now + time);
        base.Pause(time);
    }

    // What it wrote is on its disk, what it said was never heard: the start of the stories in which an entry of an old term is wrongly taken for committed.
    private void EndInTrap(Outbox outbox, Trap trap)
    {
        _sprung = null;
        _cluster.Traps.Dequeue();
        foreach (var job in outbox.DiskJobs)
            if (job.Lane == DiskLane.Log) Disk.Run(job);
        outbox.Clear();
        _cluster.Trace(trap.Kind == TrapKind.Elected ? "{a} is killed when it is elected" : "{a} is killed when it has committed something", Id);
        BreakJobs(powerFails: false);
        Disk.Content.KillProcess();
        End(machineDead: false);
        _cluster.RestartLater(this, trap.Away);
    }

    private void NoteRepair(Node.Node node)
    {
        if (node.DamagesRepaired == _repaired) return;
        _repaired = node.DamagesRepaired;
        World.Mark("damage repaired");
    }

    // A node that wants to be woken at once, again and again, keeps a processor busy for nothing.
    private void SetTimer(Instant wake)
    {
        if (wake == Instant.Never) return;
        wake = _cluster.Flaws.WakeOf(wake, ref _lastWake);
        var soonest = LocalNow + ShortestSleep;
        _spins = wake <= LocalNow ? _spins + 1 : 0;
        if (_spins > SpinsMax) SimFailureException.Liveness("no node spins", $"{Identity.NodeName} has asked {_spins} times in a row to be woken in the past");
        WakeAt(wake < soonest ? soonest : wake);
    }

    // What the checkers want to see, before anybody else hears of it.
    private void Observe(Node.Node node)
    {
        _sprung = null;
        Configuration = node.Replica.Raft.Configuration;
        var raft = node.Replica.Raft;
        if (raft.Role == RaftRole.Leader && _cluster.Leaders.Note(raft.Term.Value, Identity.NodeName))
        {
            LedFrom = raft.LastIndex.Value;
            Spring(TrapKind.Elected);
            _cluster.Trace("{a} leads term {b}", Id, (long)raft.Term.Value);
        }
        if (raft.Role == RaftRole.Leader && raft.CommitIndex.Value > _committed && _committed > 0) Spring(TrapKind.Committing);
        _committed = raft.CommitIndex.Value;
        if (_shadow.Look(Identity.NodeName, raft, out ulong takenBackFrom)) Promises.OnTakenBack(takenBackFrom, _shadow.TermAt(takenBackFrom - 1));
        NoteGivingWay(raft);
        _cluster.Bounds.Check(this, node);
    }

    private void NoteGivingWay(RaftCore raft)
    {
        if (raft.IsGivingWay && !_wasGivingWay) World.Mark("what was recovered is given up");
        _wasGivingWay = raft.IsGivingWay;
    }

    private void Spring(TrapKind kind)
    {
        if (_sprung is null && _cluster.Traps.TryPeek(out var next) && next.Kind == kind) _sprung = next;
    }

    private void OnApplied(LogEntry entry)
    {
        _cluster.Committed.Note(Identity.NodeName, entry, new SnapshotPoint(Node!.Replica.Applied, Node.Replica.AppliedTerm), World.Now);
        if (IsUnearned && Node.Replica.Applied.Value == SnapshotBase && SnapshotBase > 0) World.Mark("what was recovered is committed");
        IsUnearned = false;
    }

    private void Publish(Outbox outbox)
    {
        if (outbox.Root is { } root)
        {
            bool isTrue = _cluster.Committed.IsTrue(Node!.Replica.Applied, Node.Replica.AppliedTerm);
            if (isTrue || !IsUnearned) _cluster.Committed.CheckState(Identity.NodeName, root);
            if (outbox.Abandoned.Count > 0)
            {
                SnapshotBase = root.LastIndex;
                if (isTrue && SnapshotBase > 0) IsUnearned = false;
            }
            Root = root;
        }
        if (outbox.Status is { } status) Status = status;
        foreach (var fired in outbox.Fired)
            if (!_cluster.Flaws.DropsWatches && !fired.TryFinish()) fired.Fire();
        foreach (var old in outbox.Abandoned) old.Abandon();
        if (outbox.Root is not null) _cluster.OnPublished(this);
    }

    private static RecoveredNode Bootstrap(RecoveredNode recovered, Configuration first)
    {
        var entry = new LogEntry(new LogIndex(1), new Term(1), EntryType.Configuration, ConfigurationCodec.Encode(first));
        recovered.Wal!.SaveTerm(entry.Term, "");
        recovered.Wal.Append([entry]);
        return recovered with { Raft = recovered.Raft with { Term = entry.Term, Entries = [entry] } };
    }

    private NodeIdentity NewIdentity()
    {
        _generation++;
        return new NodeIdentity($"s{Id}-{_generation}", $"00000000-0000-4000-8{_generation:x3}-{Id:x12}", "dc1", $"10.0.0.{Id + 1}:8300");
    }

    private SimDisk NewDisk() => new(World, $"{Id}/{_generation}", lies: _cluster.Flaws.Kind == FlawKind.DiskLiesAboutFlush) { Pace = _cluster.Settings.DiskPace };
}
