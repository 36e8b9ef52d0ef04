using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Gossip.Coordinates;

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

    /// <summary>Starts alone: <see cref="Join"/>, or members remembered in the snapshot, bring it together with others.</summary>
    /// <param name="config">Settings.</param>
    /// <param name="start">What is remembered from an earlier life, and the keys, which the pool owns from now on.</param>
    /// <param name="random">The pool's source of chance.</param>
    /// <param name="now">Time of the first turn.</param>
    public GossipPool(GossipConfig config, GossipStart start, Prng random, Instant now)
    {
        ArgumentNullException.ThrowIfNull(random);
        _config = config;
        _start = start;
        NextWake = now;
        Self = new GossipMember { Name = config.Name, Endpoint = config.Advertise, Tags = config.Tags, Versions = config.Versions };
        Coordinate = Vivaldi.Fresh();
    }

    /// <summary>What is to be carried out after each turn.</summary>
    public GossipOutbox Outbox { get; } = new();

    /// <summary>When the next <see cref="OnTick"/> is due at the latest.</summary>
    public Instant NextWake { get; private set; }

    /// <summary>Ourselves.</summary>
    public GossipMember Self { get; }

    /// <summary>Members known, those that are gone and not forgotten yet included.</summary>
    public int MemberCount => 1;

    /// <summary>Members that are there, ourselves and those about to leave included.</summary>
    public int AliveCount => 1;

    /// <summary>Members that went without a word.</summary>
    public int FailedCount => 0;

    /// <summary>Members that left on purpose.</summary>
    public int LeftCount => 0;

    /// <summary>Another number whenever <see cref="CopyMembers"/> would give another list, be it only in a member's tags or status: what hosts publish to other threads hangs on it.</summary>
    public ulong MembersVersion => 0;

    /// <summary>Numbers for people and metrics.</summary>
    public GossipNumbers Numbers => new();

    /// <summary>Whether messages are encrypted.</summary>
    public bool IsEncrypted => _start.Keyring is not null;

    /// <summary>Our place in the space of round trip times. Not to be changed.</summary>
    public Coordinate Coordinate { get; }

    /// <summary>Time goes on. First input of each turn.</summary>
    public void OnTick(Instant now) => NextWake = now + _config.ReapInterval;

    /// <summary>A packet arrived; <paramref name="packet"/> is borrowed for the call.</summary>
    public void OnDatagram(GossipEndpoint from, ReadOnlySpan<byte> packet)
    {
    }

    /// <summary>Somebody opened a stream. False: too many, or not allowed; the host closes it.</summary>
    /// <param name="stream">A number chosen by the host, below zero.</param>
    /// <param name="from">Where it comes from.</param>
    public bool TryAccept(long stream, GossipEndpoint from) => stream < 0 && !from.IsEmpty;

    /// <summary>More bytes of a stream, the new ones only; borrowed for the call.</summary>
    public void OnStreamBytes(long stream, ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>A stream ended from the other side, or could not be opened. Not called for streams that the pool closed.</summary>
    /// <param name="stream">Which one.</param>
    /// <param name="error">What went wrong, or null when it was closed in order.</param>
    public void OnStreamEnded(long stream, string? error)
    {
    }

    /// <summary>Work on a file went wrong.</summary>
    public void OnFileFailed(GossipFileWork work, string error) => Outbox.Write(GossipLogLevel.Error, "serf", $"{work}: {error}");

    /// <summary>Joins pools through members of theirs; the completion tells how many answered, and has an error only when none did.</summary>
    /// <param name="request">The caller's number for it.</param>
    /// <param name="targets">Whom to ask.</param>
    /// <param name="ignoreOldEvents">Whether user events from before are passed over.</param>
    public void Join(long request, IReadOnlyList<GossipTarget> targets, bool ignoreOldEvents) => Outbox.Complete(new(request, null));

    /// <summary>Leaves the pool gracefully. Completed when the others know and the pool may be closed.</summary>
    public void Leave(long request) => Outbox.Complete(new(request, null));

    /// <summary>Makes a failed member one that has left. A member that is there has the last word.</summary>
    /// <param name="name">Whom.</param>
    /// <param name="prune">Whether it is to be forgotten at once.</param>
    /// <param name="error">Why not.</param>
    public bool TryForceLeave(string name, bool prune, out string error) => Refuse(name, out error);

    /// <summary>Replaces our tags.</summary>
    public bool TrySetTags(IReadOnlyList<KeyValuePair<string, string>> tags, out string error) => Refuse("tags", out error);

    /// <summary>Sends a user event to all members, ourselves included.</summary>
    /// <param name="name">Name.</param>
    /// <param name="payload">Content.</param>
    /// <param name="mayCoalesce">Whether receivers may reduce several of one name to the last.</param>
    /// <param name="error">Why not.</param>
    public bool TryFireEvent(string name, ReadOnlySpan<byte> payload, bool mayCoalesce, out string error) => Refuse(name, out error);

    /// <summary>Asks the members something. What they say comes as events with the number <paramref name="query"/>, the last of which is <see cref="GossipEventKind.QueryDone"/>.</summary>
    public bool TryStartQuery(long query, GossipQuery what, out string error) => Refuse(what.Name, out error);

    /// <summary>Answers a query, once and before its deadline.</summary>
    /// <param name="query">The number that came with the query.</param>
    /// <param name="payload">The answer.</param>
    /// <param name="error">Why not.</param>
    public bool TryRespond(long query, ReadOnlySpan<byte> payload, out string error) => Refuse("query", out error);

    /// <summary>Has all members carry out an operation on their keys; the completion's report tells what they said.</summary>
    /// <param name="request">The caller's number for it.</param>
    /// <param name="operation">What to do.</param>
    /// <param name="key">With which key; empty for <see cref="KeyOperation.List"/>.</param>
    /// <param name="relayFactor">Through how many others each answer is sent as well.</param>
    public void ManageKeys(long request, KeyOperation operation, ReadOnlySpan<byte> key, byte relayFactor) => Outbox.Complete(new(request, "no members"));

    /// <summary>Puts all members into a list in ordinal order of their names.</summary>
    public void CopyMembers(List<GossipMember> into)
    {
        into.Clear();
        into.Add(Self);
    }

    /// <summary>A member by name, or null.</summary>
    public GossipMember? Find(string name) => name == _config.Name ? Self : null;

    /// <summary>The place of a member as last heard from it, or of ourselves.</summary>
    public bool TryGetCoordinate(string name, out Coordinate coordinate)
    {
        coordinate = Coordinate;
        return name == _config.Name;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _start.Keyring?.Dispose();
        Outbox.Dispose();
    }

    private static bool Refuse(string what, out string error)
    {
        error = what;
        return false;
    }
}
