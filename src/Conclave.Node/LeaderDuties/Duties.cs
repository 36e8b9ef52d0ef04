using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.Requests;
using Conclave.State;

namespace Conclave.Node.LeaderDuties;

/// <summary>What a leader does by itself: the members' catalog entries, autopilot's defaults, ends of sessions, tombstones, coordinates. Writes through the log like everybody else.</summary>
internal sealed class Duties
{
    private readonly NodeConfig _config;
    private readonly SessionExpiry _sessions;
    private readonly TombstoneReaper _tombstones;
    private readonly CoordinateBatch _coordinates;
    private readonly MemberReconciler _members;
    private readonly Func<byte[], bool> _propose;
    private readonly List<string> _expired = [];
    private Instant _nextCoordinates = Instant.Never;

    /// <param name="config">Timing and identity.</param>
    /// <param name="coordinates">Where the gate notes coordinates.</param>
    /// <param name="members">Keeps the catalog true to the pool.</param>
    /// <param name="propose">Adds a command to the proposals; false when there is no room.</param>
    public Duties(NodeConfig config, CoordinateBatch coordinates, MemberReconciler members, Func<byte[], bool> propose)
    {
        _config = config;
        _coordinates = coordinates;
        _members = members;
        _propose = propose;
        _sessions = new SessionExpiry(config.SessionTtlMin);
        _tombstones = new TombstoneReaper(config.TombstoneTtl, config.TombstoneGranularity);
    }

    /// <summary>The next time <see cref="OnTick"/> has something to do.</summary>
    public Instant NextWake
    {
        get
        {
            var wake = Earlier(_members.NextWake, Earlier(_sessions.NextDeadline, _tombstones.NextDeadline));
            return _coordinates.IsEmpty ? wake : Earlier(wake, _nextCoordinates);
        }
    }

    /// <summary>Starts the work of a leader whose first own entry is applied.</summary>
    public void TakeLeadership(StateRoot root, Instant now, WallTime wall)
    {
        _members.TakeLeadership(now);
        Begin(root, now, wall);
    }

    /// <summary>Another state has come in the place of the one before: everything known of it is nothing any more.</summary>
    public void BeginAnew(StateRoot root, Instant now, WallTime wall)
    {
        Stop();
        _members.BeginAnew(now);
        Begin(root, now, wall);
    }

    /// <summary>Ends the work: somebody else leads.</summary>
    public void Resign()
    {
        _members.Resign();
        Stop();
    }

    /// <summary>Does what is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isPoolTrusted">Whether the pool knows everybody whom Raft knows to be there.</param>
    public void OnTick(Instant now, bool isPoolTrusted)
    {
        _members.OnTick(now, isPoolTrusted);
        ExpireSessions(now);
        if (_tombstones.TakeDue(now) is > 0 and var index)
            _propose(CommandCodec.Encode(new TombstoneRequest(_config.Identity.Datacenter, "reap", index)));
        if (now >= _nextCoordinates) WriteCoordinates(now);
    }

    /// <summary>Takes note of a session that was created while leading.</summary>
    public void OnSessionCreated(Session session, Instant now) => _sessions.Start(session, now);

    /// <summary>Takes note of a session that has ended.</summary>
    public void OnSessionEnded(string id) => _sessions.Forget(id);

    /// <summary>Takes note that the entry at <paramref name="index"/> left a tombstone.</summary>
    public void OnTombstone(ulong index, Instant now, WallTime wall) => _tombstones.Note(index, now, wall);

    /// <summary>Gives a session its full time; null when it does not exist.</summary>
    public Session? Renew(string id, StateRoot root, Instant now)
    {
        root.SessionGet(id, null, out var session);
        if (session is not null) _sessions.Start(session, now);
        return session;
    }

    private void Begin(StateRoot root, Instant now, WallTime wall)
    {
        _sessions.TakeLeadership(root, now);
        _tombstones.Clear();
        _tombstones.Note(root.LastIndex, now, wall);                   // one bin for whatever earlier leaders did not come to reap

        root.Autopilot(null, out var autopilot);
        if (autopilot is null) _propose(CommandCodec.Encode(_config.Autopilot, cas: false));
        NoteOwnCoordinate(root);
        _nextCoordinates = now;                                        // the first batch at once: a lone node must show its own coordinate without any peer
    }

    private void Stop()
    {
        _sessions.Clear();
        _tombstones.Clear();
        _coordinates.Clear();
        _nextCoordinates = Instant.Never;
    }

    private void ExpireSessions(Instant now)
    {
        if (_sessions.NextDeadline > now) return;
        _expired.Clear();
        _sessions.CollectDue(now, _expired);
        foreach (string id in _expired)
            _propose(CommandCodec.Encode(new SessionRequest { Datacenter = _config.Identity.Datacenter, Op = SessionRequests.Destroy, Session = new Session { Id = id } }));
    }

    private void NoteOwnCoordinate(StateRoot root)
    {
        var known = new List<CoordinateEntry>();
        root.NodeCoordinates(_config.Identity.NodeName, null, known);
        if (known.Count == 0) _coordinates.Note(new CoordinateEntry(_config.Identity.NodeName, "", CoordinateBatch.Origin));
    }

    private void WriteCoordinates(Instant now)
    {
        _nextCoordinates = now + _config.CoordinateUpdatePeriod;
        while (_coordinates.Take() is { } batch)
            if (!_propose(CommandCodec.Encode(batch))) return;         // overloaded: coordinates are the first thing to give up, the next update brings newer ones
    }

    private static Instant Earlier(Instant a, Instant b) => a < b ? a : b;
}
