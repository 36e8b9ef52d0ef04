using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>How much an operator cares about a line.</summary>
public enum NodeLogLevel : byte
{
#pragma warning disable CS1591 // The usual levels.
    Debug,
    Info,
    Warning,
    Error,
#pragma warning restore CS1591
}

/// <summary>A line for the operator.</summary>
/// <param name="Level">How important.</param>
/// <param name="Area">Part of the node, as in the log lines of peers: <c>server</c>, <c>server.raft</c>, …</param>
/// <param name="Text">What happened.</param>
public readonly record struct NodeLogLine(NodeLogLevel Level, string Area, string Text);

/// <summary>
/// What the node wants done. Whoever runs the node carries it out after each call, in the order of the members, and then calls <see cref="Clear"/>.
/// Not thread-safe: it belongs to the loop.
/// </summary>
public sealed class Outbox : IDiskQueue
{
    private readonly List<DiskJob> _diskJobs = [];
    private readonly List<NodeRequest> _completions = [];
    private readonly List<FiredWatches> _fired = [];
    private readonly List<NodeLogLine> _log = [];
    private readonly List<RaftMessage> _messages = [];
    private readonly List<SnapshotUpload> _uploads = [];
    private readonly List<SnapshotDownload> _downloads = [];
    private readonly List<StateRoot> _abandoned = [];
    private readonly List<string> _reconnects = [];

    /// <summary>Not null when the node cannot go on: the process must end with this message. Nothing else in the outbox may be carried out.</summary>
    public string? Fatal { get; internal set; }

    /// <summary>Disk work to submit; each job comes back through <see cref="Node.OnDiskDone"/>.</summary>
    public IReadOnlyList<DiskJob> DiskJobs => _diskJobs;

    /// <summary>Messages to other servers that may leave now.</summary>
    public IReadOnlyList<RaftMessage> Messages => _messages;

    /// <summary>Snapshots of which a chunk is to be sent, or whose stream is to be closed.</summary>
    public IReadOnlyList<SnapshotUpload> Uploads => _uploads;

    /// <summary>Snapshots of which the next chunk is wanted, or which are over.</summary>
    public IReadOnlyList<SnapshotDownload> Downloads => _downloads;

    /// <summary>The state to publish, or null when it did not change.</summary>
    public StateRoot? Root { get; internal set; }

    /// <summary>The view of the leader to publish, or null when it did not change.</summary>
    public ClusterStatus? Status { get; internal set; }

    /// <summary>Requests to complete, after the root was published.</summary>
    public IReadOnlyList<NodeRequest> Completions => _completions;

    /// <summary>Watches to fire off the loop, after the root was published.</summary>
    public IReadOnlyList<FiredWatches> Fired => _fired;

    /// <summary>States that were replaced as a whole: to be abandoned (<see cref="StateRoot.Abandon"/>) off the loop, after the new root was published.</summary>
    public IReadOnlyList<StateRoot> Abandoned => _abandoned;

    /// <summary>Members of the pool, by name, that gossip has given up although Raft hears them: the pool should go and meet them now.</summary>
    public IReadOnlyList<string> Reconnects => _reconnects;

    /// <summary>Lines for the operator.</summary>
    public IReadOnlyList<NodeLogLine> Log => _log;

    /// <summary>Whether nothing is to be done.</summary>
    public bool IsEmpty => Fatal is null && Root is null && Status is null && _diskJobs.Count == 0 && _messages.Count == 0 && _uploads.Count == 0 && _downloads.Count == 0 && _abandoned.Count == 0 && _reconnects.Count == 0 && _completions.Count == 0 && _fired.Count == 0 && _log.Count == 0;

    /// <inheritdoc/>
    public void Submit(DiskJob job) => _diskJobs.Add(job);

    /// <summary>Forgets everything, after it was carried out.</summary>
    public void Clear()
    {
        Fatal = null;
        Root = null;
        Status = null;
        _diskJobs.Clear();
        _messages.Clear();
        _uploads.Clear();
        _downloads.Clear();
        _abandoned.Clear();
        _reconnects.Clear();
        _completions.Clear();
        _fired.Clear();
        _log.Clear();
    }

    internal void Send(in RaftMessage message) => _messages.Add(message);

    internal void Upload(SnapshotUpload upload) => _uploads.Add(upload);

    internal void Download(SnapshotDownload download) => _downloads.Add(download);

    internal void Abandon(StateRoot root) => _abandoned.Add(root);

    internal void Reconnect(string member) => _reconnects.Add(member);

    internal void Complete(NodeRequest request) => _completions.Add(request);

    internal void Fire(FiredWatches watches)
    {
        if (!watches.IsEmpty) _fired.Add(watches);
    }

    internal void Write(NodeLogLevel level, string area, string text) => _log.Add(new NodeLogLine(level, area, text));
}
