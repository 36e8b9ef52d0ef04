using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Serf;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip;

/// <summary>
/// One pool of members as one member sees it: who is there, what they tell each other. Without I/O: packets, streams, files and time come in through the
/// <c>On…</c> methods, what is to be done comes out through <see cref="Outbox"/>. One turn of the host's loop is <see cref="OnTick"/>, any number of other
/// inputs, carrying out the outbox, <see cref="GossipOutbox.Clear"/>. Single-threaded: everything here belongs to the loop.
/// </summary>
public sealed class GossipPool : IDisposable
{
    private readonly GossipConfig _config;
    private readonly GossipStart _start;
    private readonly GossipScratch? _ownScratch;
    private readonly SerfContext _context;
    private readonly SerfCore _serf;
    private readonly SwimCore _swim;
    private bool _isOver;

    /// <summary>Starts alone: <see cref="Join"/>, or members remembered in the snapshot, bring it together with others.</summary>
    /// <param name="config">Settings.</param>
    /// <param name="start">What is remembered from an earlier life, and the keys, which the pool owns from now on.</param>
    /// <param name="random">The pool's source of chance.</param>
    /// <param name="now">Time of the first turn.</param>
    /// <param name="scratch">Working memory shared with other pools on this thread, whose owner disposes of it after them; null for memory of its own.</param>
    /// <exception cref="ArgumentException">A name, address or tags that no member can have.</exception>
    public GossipPool(GossipConfig config, GossipStart start, Prng random, Instant now, GossipScratch? scratch = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        var (tags, meta) = Check(config);
        _config = config;
        _start = start;
        _ownScratch = scratch is null ? new GossipScratch(random.NextUInt64()) : null;
        scratch ??= _ownScratch!;
        _context = new SerfContext
        {
            Config = config,
            Outbox = Outbox,
            Scratch = scratch,
            Self = scratch.Name(config.Name),
            Random = random.Split("serf"),
            Now = now,
            Tags = tags,
            Meta = meta,
        };
        _serf = new SerfCore(_context, start.Snapshot);
        _swim = _context.Swim = new SwimCore(config, start.Keyring, _serf, Outbox, scratch, random, now);
        _swim.Start();
        _serf.Start(start.Snapshot);
    }

    /// <summary>What is to be carried out after each turn.</summary>
    public GossipOutbox Outbox { get; } = new();

    /// <summary>When the next <see cref="OnTick"/> is due at the latest.</summary>
    public Instant NextWake
    {
        get
        {
            if (_isOver) return Instant.Never;
            return _swim.NextWake < _serf.NextWake ? _swim.NextWake : _serf.NextWake;
        }
    }

    /// <summary>Ourselves.</summary>
    public GossipMember Self => _serf.Members.ViewOf(_serf.Members.Find(_context.Self.Utf8)!);

    /// <summary>Members known, those that are gone and not forgotten yet included.</summary>
    public int MemberCount => _serf.Members.Count;

    /// <summary>Members that are there, ourselves and those about to leave included.</summary>
    public int AliveCount => _serf.Members.AliveCount;

    /// <summary>Members that went without a word.</summary>
    public int FailedCount => _serf.Members.FailedCount;

    /// <summary>Members that left on purpose.</summary>
    public int LeftCount => _serf.Members.LeftCount;

    /// <summary>Another number whenever <see cref="CopyMembers"/> would give another list, be it only in a member's tags or status: what hosts publish to other threads hangs on it.</summary>
    public ulong MembersVersion => _serf.Members.Version;

    /// <summary>Numbers for people and metrics.</summary>
    public GossipNumbers Numbers => new()
    {
        HealthScore = _swim.HealthScore,
        MemberTime = _context.MemberClock.Time,
        EventTime = _context.EventClock.Time,
        QueryTime = _context.QueryClock.Time,
        MemberQueue = _swim.QueueDepth,
        IntentQueue = _serf.Broadcasts.Intents.Count,
        EventQueue = _serf.Broadcasts.Events.Count,
        QueryQueue = _serf.Broadcasts.Queries.Count,
        BroadcastsDropped = _serf.Broadcasts.Dropped,
        MessagesDropped = _context.MessagesDropped + _swim.Numbers.MessagesDropped + _swim.Numbers.PacketsDropped,
        PacketsIn = _swim.Numbers.PacketsIn,
        PacketsOut = _swim.Numbers.PacketsOut,
        BytesIn = _swim.Numbers.BytesIn,
        BytesOut = _swim.Numbers.BytesOut,
        CoordinateResets = _serf.Coordinates.Resets,
    };

    /// <summary>Whether messages are encrypted.</summary>
    public bool IsEncrypted => _swim.Keyring is not null;

    /// <summary>Our place in the space of round trip times. Not to be changed.</summary>
    public Coordinate Coordinate => _serf.Coordinates.Current;

    /// <summary>Time goes on. First input of each turn.</summary>
    public void OnTick(Instant now)
    {
        if (_isOver) return;
        _context.Now = now;
        _swim.Tick(now);
        _serf.Tick();
        AfterInput();
    }

    /// <summary>A packet arrived; <paramref name="packet"/> is borrowed for the call.</summary>
    public void OnDatagram(GossipEndpoint from, ReadOnlySpan<byte> packet)
    {
        if (_isOver) return;
        _swim.OnDatagram(from, packet);
        AfterInput();
    }

    /// <summary>Somebody opened a stream. False: too many, or not allowed; the host closes it.</summary>
    /// <param name="stream">A number chosen by the host, below zero.</param>
    /// <param name="from">Where it comes from.</param>
    public bool TryAccept(long stream, GossipEndpoint from) => !_isOver && _swim.TryAccept(stream, from);

    /// <summary>More bytes of a stream, the new ones only; borrowed for the call.</summary>
    public void OnStreamBytes(long stream, ReadOnlySpan<byte> bytes)
    {
        if (_isOver) return;
        _swim.OnStreamBytes(stream, bytes);
        AfterInput();
    }

    /// <summary>A stream ended from the other side, or could not be opened. Not called for streams that the pool closed.</summary>
    /// <param name="stream">Which one.</param>
    /// <param name="error">What went wrong, or null when it was closed in order.</param>
    public void OnStreamEnded(long stream, string? error)
    {
        if (_isOver) return;
        _swim.OnStreamEnded(stream, error);
        AfterInput();
    }

    /// <summary>Work on a file went wrong. A snapshot file is written anew now and then until that works; nothing else stops.</summary>
    public void OnFileFailed(GossipFileWork work, string error)
    {
        if (work == GossipFileWork.ReplaceKeyring) _context.Log(GossipLogLevel.Error, $"Failed to write keyring file: {error}");
        else _serf.OnSnapshotFailed(error);
    }

    /// <summary>Joins pools through members of theirs; the completion tells how many answered, and has an error only when none did.</summary>
    /// <param name="request">The caller's number for it.</param>
    /// <param name="targets">Whom to ask.</param>
    /// <param name="ignoreOldEvents">Whether user events from before are passed over.</param>
    public void Join(long request, IReadOnlyList<GossipTarget> targets, bool ignoreOldEvents)
    {
        _serf.Joins.Join(request, targets, ignoreOldEvents);
        AfterInput();
    }

    /// <summary>Something was heard of this member in another way: if it is one that failed, it is met now, and not when its turn comes. Nothing for others.</summary>
    public void Reconnect(string name)
    {
        if (_isOver) return;
        _serf.Joins.Reconnect(name);
        AfterInput();
    }

    /// <summary>Leaves the pool gracefully. Completed when the others know and the pool may be closed.</summary>
    public void Leave(long request)
    {
        _serf.Departure.Leave(request);
        AfterInput();
    }

    /// <summary>The process is about to end without leaving: what is still to be written to the snapshot file is put into the outbox.</summary>
    public void Stop()
    {
        if (!_isOver) _serf.OnStop();
        _isOver = true;
    }

    /// <summary>Makes a failed member one that has left. A member that is there has the last word.</summary>
    /// <param name="name">Whom.</param>
    /// <param name="prune">Whether it is to be forgotten at once.</param>
    /// <param name="error">Why not.</param>
    public bool TryForceLeave(string name, bool prune, out string error)
    {
        if (_serf.Members.Find(name) is null) return Refuse($"No node found with name '{name}'", out error);
        if (name == _config.Name) return Refuse("a member cannot force itself to leave", out error);
        _serf.Members.AnnounceLeave(name, prune);
        AfterInput();
        error = "";
        return true;
    }

    /// <summary>Replaces our tags.</summary>
    public bool TrySetTags(IReadOnlyList<KeyValuePair<string, string>> tags, out string error)
    {
        var sorted = Sort(tags);
        if (!NodeMeta.TryEncode(sorted, out var meta)) return Refuse($"Encoded length of tags exceeds limit of {GossipLimits.MetaBytesMax} bytes", out error);
        _context.Tags = sorted;
        _context.Meta = meta;
        _swim.UpdateMeta();
        AfterInput();
        error = "";
        return true;
    }

    /// <summary>Sends a user event to all members, ourselves included.</summary>
    /// <param name="name">Name.</param>
    /// <param name="payload">Content.</param>
    /// <param name="mayCoalesce">Whether receivers may reduce several of one name to the last.</param>
    /// <param name="error">Why not.</param>
    public bool TryFireEvent(string name, ReadOnlySpan<byte> payload, bool mayCoalesce, out string error) => _serf.Events.TryFire(name, payload, mayCoalesce, out error);

    /// <summary>Asks the members something. What they say comes as events with the number <paramref name="query"/>, the last of which is <see cref="GossipEventKind.QueryDone"/>.</summary>
    public bool TryStartQuery(long query, GossipQuery what, out string error) => _serf.TryStartQuery(query, what, out error);

    /// <summary>Answers a query, once and before its deadline.</summary>
    /// <param name="query">The number that came with the query.</param>
    /// <param name="payload">The answer.</param>
    /// <param name="error">Why not.</param>
    public bool TryRespond(long query, ReadOnlySpan<byte> payload, out string error) => _serf.Queries.TryRespond(query, payload, out error);

    /// <summary>Has all members carry out an operation on their keys; the completion's report tells what they said.</summary>
    /// <param name="request">The caller's number for it.</param>
    /// <param name="operation">What to do.</param>
    /// <param name="key">With which key; empty for <see cref="KeyOperation.List"/>.</param>
    /// <param name="relayFactor">Through how many others each answer is sent as well.</param>
    public void ManageKeys(long request, KeyOperation operation, ReadOnlySpan<byte> key, byte relayFactor) => _serf.ManageKeys(request, operation, key, relayFactor);

    /// <summary>Puts all members into a list in ordinal order of their names.</summary>
    public void CopyMembers(List<GossipMember> into)
    {
        into.Clear();
        foreach (var record in _serf.Members.Sorted()) into.Add(_serf.Members.ViewOf(record));
    }

    /// <summary>A member by name, or null.</summary>
    public GossipMember? Find(string name) => _serf.Members.Find(name) is { } record ? _serf.Members.ViewOf(record) : null;

    /// <summary>The place of a member as last heard from it, or of ourselves.</summary>
    public bool TryGetCoordinate(string name, out Coordinate coordinate)
    {
        coordinate = Coordinate;
        if (name == _config.Name) return true;
        if (_serf.Members.Find(name)?.Place is not { } known) return false;
        coordinate = known.Place.ToCoordinate();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isOver = true;
        _serf.Dispose();
        _start.Keyring?.Dispose();
        _ownScratch?.Dispose();
        Outbox.Dispose();
    }

    private void AfterInput()
    {
        _serf.AfterInput();
        if (Outbox.Fatal is not null) _isOver = true;
    }

    private static (IReadOnlyList<KeyValuePair<string, string>> Tags, byte[] Meta) Check(GossipConfig config)
    {
        if (!NodeName.IsAcceptable(System.Text.Encoding.UTF8.GetBytes(config.Name)))
            throw new ArgumentException($"A member's name has 1 to {NodeName.BytesMax} bytes of text without control characters.", nameof(config));
        if (config.Advertise.IsEmpty) throw new ArgumentException("The address told to others is missing.", nameof(config));
        var tags = Sort(config.Tags);
        if (!NodeMeta.TryEncode(tags, out var meta)) throw new ArgumentException($"Encoded length of tags exceeds limit of {GossipLimits.MetaBytesMax} bytes.", nameof(config));
        return (tags, meta);
    }

    private static KeyValuePair<string, string>[] Sort(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        KeyValuePair<string, string>[] sorted = [.. tags];
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return sorted;
    }

    private static bool Refuse(string reason, out string error)
    {
        error = reason;
        return false;
    }
}
