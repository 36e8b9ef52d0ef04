using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Tests;

/// <summary>Several nodes, each on its own virtual disk, with a network between them that delivers in order, at once, or not at all.</summary>
internal sealed class TestCluster
{
    private readonly TestNode[] _nodes;
    private readonly MemoryDisk[] _disks;
    private readonly HashSet<int> _cut = [];
    private readonly Dictionary<SnapshotDownload, SnapshotUpload> _streams = [];
    private readonly Func<NodeConfig, NodeConfig>? _configure;
    private Instant _now = new(1);

    public TestCluster(int servers = 3, Func<NodeConfig, NodeConfig>? configure = null)
    {
        _configure = configure;
        Servers = [.. Enumerable.Range(0, servers).Select(static i => new RaftServer(IdOf(i), AddressOf(i), Suffrage.Voter))];
        _disks = [.. Enumerable.Range(0, servers).Select(static i => new MemoryDisk(new Prng((ulong)i + 1)))];
        _nodes = [.. Enumerable.Range(0, servers).Select(Start)];
    }

    public RaftServer[] Servers { get; }

    public TestNode this[int index] => _nodes[index];

    public TestNode? Leader => _nodes.FirstOrDefault(static node => node.Status.IsLeader);

    public int LeaderIndex => Array.FindIndex(_nodes, static node => node.Status.IsLeader);

    public static string IdOf(int index) => $"00000000-0000-4000-8000-00000000000{index + 1}";

    /// <summary>Takes a server off the network.</summary>
    public void Cut(int index)
    {
        _cut.Add(index);
        foreach (var node in _nodes) node.Input(other => other.OnUnreachable(IdOf(index)));
    }

    public void Heal(int index) => _cut.Remove(index);

    /// <summary>Kills a server and starts it again from its disk, or from an empty one.</summary>
    public void Restart(int index, bool wipe = false)
    {
        if (wipe) _disks[index] = new MemoryDisk(new Prng(77));
        else _disks[index].Restart();
        _nodes[index] = Start(index, join: wipe);
    }

    /// <summary>Lets time pass, step by step, and everything happen that follows.</summary>
    public void Run(TimeSpan time)
    {
        for (var end = _now + time; _now < end;)
        {
            _now += TimeSpan.FromMilliseconds(10);
            foreach (var node in _nodes) node.Pass(TimeSpan.FromMilliseconds(10));
            Deliver();
        }
    }

    /// <summary>Runs until somebody leads.</summary>
    public TestNode Lead()
    {
        for (int i = 0; i < 1000 && Leader is null; i++) Run(TimeSpan.FromMilliseconds(10));
        return Leader ?? throw new InvalidOperationException("nobody leads");
    }

    /// <summary>A write through the leader.</summary>
    public ApplyResult Put(string key, string value)
    {
        var request = TestRequest.Apply(TestNode.Kv(KvOps.Set, key, value));
        var leader = Lead();
        leader.Turn(request);
        for (int i = 0; i < 100 && !request.IsDone; i++)
        {
            foreach (var node in _nodes) node.RunJobs();
            Deliver();
            if (!request.IsDone) Run(TimeSpan.FromMilliseconds(10));
        }
        return request.Result;
    }

    private static string AddressOf(int index) => $"127.0.0.1:{8300 + index}";

    private TestNode Start(int index) => Start(index, join: false);

    private TestNode Start(int index, bool join) => new(_disks[index], config =>
    {
        config = config with
        {
            Identity = new NodeIdentity($"n{index + 1}", IdOf(index), "dc1", AddressOf(index)),
            Raft = config.Raft with { ServerId = IdOf(index) },
            InitialServers = Servers,
            Bootstrap = !join,
        };
        return _configure?.Invoke(config) ?? config;
    }, (ulong)index + 100, _now);

    private void Deliver()
    {
        for (bool any = true; any;)
        {
            any = false;
            for (int i = 0; i < _nodes.Length; i++)
            {
                any |= DeliverMessages(i);
                any |= DeliverChunks(i);
            }
            foreach (var node in _nodes) node.RunJobs();
        }
    }

    private bool DeliverMessages(int from)
    {
        var messages = _nodes[from].Sent.ToArray();
        _nodes[from].Sent.Clear();
        foreach (var message in messages)
        {
            int to = Array.FindIndex(Servers, server => server.Id == message.To);
            if (to >= 0 && !_cut.Contains(from) && !_cut.Contains(to)) _nodes[to].Input(node => node.OnMessage(message));
        }
        return messages.Length > 0;
    }

    private bool DeliverChunks(int from)
    {
        var uploads = _nodes[from].Uploads.ToArray();
        _nodes[from].Uploads.Clear();
        foreach (var upload in uploads) Deliver(from, upload);
        var downloads = _nodes[from].Downloads.ToArray();
        _nodes[from].Downloads.Clear();
        foreach (var download in downloads)
            if (!download.IsOver && _streams.TryGetValue(download, out var upload)) Feed(from, download, upload);
        return uploads.Length + downloads.Length > 0;
    }

    private void Deliver(int from, SnapshotUpload upload)
    {
        int to = Array.FindIndex(Servers, server => server.Id == upload.Offer.Message.To);
        if (upload.IsAborted) return;
        if (_cut.Contains(from) || _cut.Contains(to))
        {
            _nodes[from].Input(node => node.OnUploadFailed(upload));
        }
        else if (upload.Offset == 0)
        {
            var download = new SnapshotDownload(upload.Offer);
            _streams.Add(download, upload);
            _nodes[to].Input(node => node.OnSnapshotOffered(download));
        }
        else
        {
            var download = _streams.First(stream => stream.Value == upload).Key;
            if (!download.IsOver) Feed(to, download, upload);
        }
    }

    // Called when both are ready: the upload has a chunk, the download wants one.
    private void Feed(int to, SnapshotDownload download, SnapshotUpload upload)
    {
        if (download.Received != upload.Offset) return;
        byte[] chunk = upload.Chunk.ToArray();
        if (chunk.Length == 0) return;
        _nodes[to].Input(node => node.OnSnapshotChunk(download, chunk));
        int from = Array.FindIndex(Servers, server => server.Id == upload.Offer.Message.From);
        _nodes[from].Input(node => node.OnChunkSent(upload));
    }
}
