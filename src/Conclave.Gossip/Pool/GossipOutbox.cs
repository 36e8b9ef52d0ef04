using Conclave.Core;

namespace Conclave.Gossip;

/// <summary>How much an operator cares about a line.</summary>
public enum GossipLogLevel : byte
{
#pragma warning disable CS1591 // The usual levels.
    Debug,
    Info,
    Warning,
    Error,
#pragma warning restore CS1591
}

/// <summary>A line for the operator. Never holds a key.</summary>
/// <param name="Level">How important.</param>
/// <param name="Area"><c>memberlist</c> or <c>serf</c>, as in the log lines of peers.</param>
/// <param name="Text">What happened.</param>
public readonly record struct GossipLogLine(GossipLogLevel Level, string Area, string Text);

/// <summary>A packet to send from the pool's own socket.</summary>
/// <param name="To">Where to.</param>
/// <param name="Bytes">The packet; lent until <see cref="GossipOutbox.Clear"/>.</param>
public readonly record struct GossipPacket(GossipEndpoint To, ReadOnlyMemory<byte> Bytes);

/// <summary>A stream to open. What the other side says comes back through <c>GossipPool.OnStreamBytes</c>, its end or failure through <c>GossipPool.OnStreamEnded</c>.</summary>
/// <param name="Stream">Number of the stream, positive.</param>
/// <param name="To">Where to.</param>
/// <param name="Bytes">All that is to be sent; the host owns it.</param>
public readonly record struct GossipDial(long Stream, GossipEndpoint To, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The answer on an accepted stream: all that is to be sent, after which the stream is closed. The pool has done with it: the host bounds the time that
/// sending takes.
/// </summary>
/// <param name="Stream">Number of the stream, negative.</param>
/// <param name="Bytes">The answer; the host owns it.</param>
public readonly record struct GossipAnswer(long Stream, ReadOnlyMemory<byte> Bytes);

/// <summary>A request that was carried out, or not.</summary>
/// <param name="Request">The number it was made with.</param>
/// <param name="Error">What went wrong, for people, or null.</param>
/// <param name="Joined">Of a join: members that answered.</param>
/// <param name="Keys">Of an operation on keys: what the members said; else null.</param>
public readonly record struct GossipCompletion(long Request, string? Error, int Joined = 0, KeyReport? Keys = null);

/// <summary>What the members said to an operation on keys.</summary>
/// <param name="Nodes">Members that were asked.</param>
/// <param name="Answers">Members that answered.</param>
/// <param name="Errors">Members that answered with an error.</param>
/// <param name="Messages">Texts by member, ordinal order.</param>
/// <param name="Keys">Of a list: how many members have each key (base64), ordinal order.</param>
/// <param name="PrimaryKeys">Of a list: how many members encrypt with each key (base64), ordinal order.</param>
public sealed record KeyReport(int Nodes, int Answers, int Errors, IReadOnlyList<KeyValuePair<string, string>> Messages, IReadOnlyList<KeyValuePair<string, int>> Keys, IReadOnlyList<KeyValuePair<string, int>> PrimaryKeys);

/// <summary>Work on the pool's files.</summary>
public enum GossipFileWork : byte
{
    /// <summary>Append to the snapshot file.</summary>
    AppendSnapshot,

    /// <summary>Append to the snapshot file and flush it to the disk.</summary>
    AppendSnapshotAndFlush,

    /// <summary>Replace the snapshot file by a short form: write beside it, flush, rename.</summary>
    ReplaceSnapshot,

    /// <summary>Replace the keyring file, readable by its owner only.</summary>
    ReplaceKeyring,
}

/// <summary>Bytes for one of the pool's files. Carried out in order, off the loop; a failure comes back through <c>GossipPool.OnFileFailed</c>.</summary>
/// <param name="Work">What to do.</param>
/// <param name="Bytes">With what; the host owns it. Of a keyring it is secret.</param>
public readonly record struct GossipFile(GossipFileWork Work, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// What a pool wants done. Whoever runs the pool carries it out after each turn and then calls <see cref="Clear"/>. Not thread-safe: it belongs to the loop.
/// </summary>
public sealed class GossipOutbox : IDisposable
{
    private const int InitialBytes = 16 * 1024;

    private readonly List<(GossipEndpoint To, int At, int Bytes)> _packets = [];
    private readonly PooledBuffer _bytes = new(InitialBytes);
    private readonly List<GossipDial> _dials = [];
    private readonly List<GossipAnswer> _answers = [];
    private readonly List<long> _closes = [];
    private readonly List<GossipEvent> _events = [];
    private readonly List<GossipCompletion> _completions = [];
    private readonly List<GossipFile> _files = [];
    private readonly List<GossipLogLine> _log = [];

    /// <summary>Packets to send.</summary>
    public int PacketCount => _packets.Count;

    /// <summary>Streams to open.</summary>
    public IReadOnlyList<GossipDial> Dials => _dials;

    /// <summary>Answers to send.</summary>
    public IReadOnlyList<GossipAnswer> Answers => _answers;

    /// <summary>Streams to close without another word.</summary>
    public IReadOnlyList<long> Closes => _closes;

    /// <summary>What happened, oldest first.</summary>
    public IReadOnlyList<GossipEvent> Events => _events;

    /// <summary>Requests to complete.</summary>
    public IReadOnlyList<GossipCompletion> Completions => _completions;

    /// <summary>Work on files, in order.</summary>
    public IReadOnlyList<GossipFile> Files => _files;

    /// <summary>Lines for the operator.</summary>
    public IReadOnlyList<GossipLogLine> Log => _log;

    /// <summary>Not null when the member must go: another one has its name. The pool does nothing more.</summary>
    public string? Fatal { get; internal set; }

    /// <summary>A packet to send, lent until <see cref="Clear"/>.</summary>
    public GossipPacket Packet(int index)
    {
        var (to, at, bytes) = _packets[index];
        return new GossipPacket(to, _bytes.WrittenMemory.Slice(at, bytes));
    }

    /// <summary>Forgets everything, after it was carried out.</summary>
    public void Clear()
    {
        Fatal = null;
        _packets.Clear();
        _bytes.Clear();
        _dials.Clear();
        _answers.Clear();
        _closes.Clear();
        _events.Clear();
        _completions.Clear();
        _files.Clear();
        _log.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    /// <summary>Where the next packet is written; <see cref="EndPacket"/> then says where it goes.</summary>
    internal PooledBuffer BeginPacket(out int at)
    {
        at = _bytes.WrittenCount;
        return _bytes;
    }

    internal void EndPacket(GossipEndpoint to, int at) => _packets.Add((to, at, _bytes.WrittenCount - at));

    internal void Dial(in GossipDial dial) => _dials.Add(dial);

    internal void Answer(in GossipAnswer answer) => _answers.Add(answer);

    internal void Close(long stream) => _closes.Add(stream);

    internal void Raise(GossipEvent happened) => _events.Add(happened);

    internal void Complete(in GossipCompletion completion) => _completions.Add(completion);

    internal void Store(in GossipFile file) => _files.Add(file);

    internal void Write(GossipLogLevel level, string area, string text) => _log.Add(new GossipLogLine(level, area, text));
}
