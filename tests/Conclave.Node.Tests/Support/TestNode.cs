using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Tests;

/// <summary>A node on a virtual disk and a virtual clock: the test is the pump. Disk jobs wait until the test lets them run.</summary>
internal sealed class TestNode
{
    public const string Name = "n1", Id = "00000000-0000-4000-8000-000000000001";

    private readonly Queue<DiskJob> _jobs = new();

    public TestNode(MemoryDisk? disk = null, Func<NodeConfig, NodeConfig>? configure = null, ulong seed = 1, Instant? now = null)
    {
        Now = now ?? Now;
        Disk = disk ?? new MemoryDisk(new Prng(seed));
        var config = new NodeConfig
        {
            Identity = new NodeIdentity(Name, Id, "dc1", "127.0.0.1:8300"),
            Raft = new RaftConfig { ServerId = Id },
        };
        Config = configure?.Invoke(config) ?? config;
        var random = new Prng(seed);
        Node = new Node.Node(Config, NodeRecovery.FromDisk(Config, Disk, new WalOptions(), random), random, Now, Wall);
        Turn();
    }

    public MemoryDisk Disk { get; }

    public NodeConfig Config { get; }

    public Node.Node Node { get; }

    public Instant Now { get; private set; } = new(1);

    public WallTime Wall => new(1_800_000_000_000_000_000 + Now.Nanoseconds);

    public StateRoot Root { get; private set; } = new();

    public ClusterStatus Status { get; private set; } = new(IsLeader: false, "", "", 0, []);

    public string? Fatal { get; private set; }

    public List<string> Log { get; } = [];

    public IReadOnlyCollection<DiskJob> WaitingJobs => _jobs;

    /// <summary>Number of flushed groups so far.</summary>
    public int FlushesOfLog { get; private set; }

    /// <summary>One turn of the loop with these requests.</summary>
    public void Turn(params ReadOnlySpan<NodeRequest> requests)
    {
        Node.OnTick(Now, Wall);
        foreach (var request in requests) Node.OnRequest(request);
        CarryOut();
    }

    /// <summary>Runs the oldest waiting disk job and gives it back.</summary>
    public void RunOneJob()
    {
        var job = _jobs.Dequeue();
        job.Run(Disk);
        if (job.Lane == DiskLane.Log) FlushesOfLog++;
        Node.OnTick(Now, Wall);
        Node.OnDiskDone(job);
        CarryOut();
    }

    /// <summary>Runs disk jobs until none is left.</summary>
    public void RunJobs()
    {
        while (_jobs.Count > 0 && Fatal is null) RunOneJob();
    }

    /// <summary>Lets time pass without letting the disk do anything.</summary>
    public void Skip(TimeSpan time)
    {
        Now += time;
        Turn();
    }

    /// <summary>Messages that left, in order.</summary>
    public List<RaftMessage> Sent { get; } = [];

    public List<SnapshotUpload> Uploads { get; } = [];

    public List<SnapshotDownload> Downloads { get; } = [];

    /// <summary>Members that gossip should meet, in order.</summary>
    public List<string> Reconnects { get; } = [];

    public int StatesAbandoned { get; private set; }

    /// <summary>One turn with another input than a request.</summary>
    public void Input(Action<Node.Node> input)
    {
        Node.OnTick(Now, Wall);
        input(Node);
        CarryOut();
    }

    /// <summary>Lets time pass in one step, then everything that follows from it.</summary>
    public void Pass(TimeSpan time)
    {
        Now += time;
        Turn();
        RunJobs();
    }

    /// <summary>Makes it lead.</summary>
    public TestNode Lead()
    {
        RunJobs();
        for (int i = 0; i < 100 && !Status.IsLeader; i++)
        {
            Now = Node.NextWake > Now && Node.NextWake != Instant.Never ? Node.NextWake : Now + TimeSpan.FromMilliseconds(1);
            Turn();
            RunJobs();
        }
        RunJobs();
        Assert.True(Status.IsLeader);
        return this;
    }

    /// <summary>Sends a command through and gives its outcome.</summary>
    public ApplyResult Run(byte[] command)
    {
        var request = TestRequest.Apply(command);
        Turn(request);
        RunJobs();
        Assert.Equal(1, request.Completions);
        return request.Result;
    }

    public ApplyResult Put(string key, string value) => Run(Kv(KvOps.Set, key, value));

    public ApplyResult Lock(string key, string session) => Run(Kv(KvOps.Lock, key, "x", session));

    public string? Get(string key)
    {
        Root.KvGet(Encoding.UTF8.GetBytes(key), null, out var entry);
        return entry is null ? null : Encoding.UTF8.GetString(entry.Value.Span);
    }

    public string CreateSession(string ttl = "", long lockDelaySeconds = 0, string behavior = "release")
    {
        var session = new Session { Node = Name, Ttl = ttl, Behavior = behavior, LockDelayNanoseconds = lockDelaySeconds * 1_000_000_000, NodeChecks = ["serfHealth"] };
        var result = Run(CommandCodec.Encode(new SessionRequest { Op = "create", Session = session }));
        Assert.Equal(ApplyResultKind.Text, result.Kind);
        return result.Text;
    }

    public void DestroySession(string id) => Run(CommandCodec.Encode(new SessionRequest { Op = "destroy", Session = new Session { Id = id } }));

    public bool SessionExists(string id)
    {
        Root.SessionGet(id, null, out var session);
        return session is not null;
    }

    public static byte[] Kv(string op, string key, string value = "", string session = "", ulong cas = 0) =>
        CommandCodec.EncodeKv(op, Encoding.UTF8.GetBytes(key), new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(value)), hasValue: true, flags: 0, session, cas);

    private void CarryOut()
    {
        Node.EndTurn();
        var outbox = Node.Outbox;
        foreach (var line in outbox.Log) Log.Add(line.Text);
        Fatal ??= outbox.Fatal;
        if (Fatal is null)
        {
            foreach (var job in outbox.DiskJobs) _jobs.Enqueue(job);
            Root = outbox.Root ?? Root;
            Status = outbox.Status ?? Status;
            foreach (var request in outbox.Completions) request.Complete();
            Sent.AddRange(outbox.Messages);
            Uploads.AddRange(outbox.Uploads);
            Downloads.AddRange(outbox.Downloads);
            Reconnects.AddRange(outbox.Reconnects);
            StatesAbandoned += outbox.Abandoned.Count;
        }
        outbox.Clear();
    }
}
