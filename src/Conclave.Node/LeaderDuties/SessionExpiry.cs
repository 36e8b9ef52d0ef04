using Conclave.Core;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Node.LeaderDuties;

/// <summary>
/// Knows when sessions with a TTL end: after twice their TTL without a renewal, so that a client whose own clock ran a full TTL can be sure that the session is
/// still there. Lives on the leader only; a new leader gives each session a fresh full time.
/// </summary>
internal sealed class SessionExpiry
{
    /// <summary>How many TTLs a session lives without renewal.</summary>
    public const int TtlMultiplier = 2;

    // A destroy that does not get into the log (overload) is tried again after this.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _ttlMin;
    private readonly DeadlineHeap<string> _deadlines = new();

    // A handle for each session in _deadlines.
    private readonly Dictionary<string, DeadlineHandle> _handles = new(StringComparer.Ordinal);

    public SessionExpiry(TimeSpan ttlMin) => _ttlMin = ttlMin;

    public int Count => _handles.Count;

    /// <summary>The earliest point at which a session may have ended.</summary>
    public Instant NextDeadline => _deadlines.Next;

    /// <summary>Starts anew on taking leadership: every session with a TTL gets its full time.</summary>
    public void TakeLeadership(StateRoot root, Instant now)
    {
        Clear();
        var sessions = new List<Session>();
        root.SessionList(null, sessions);
        foreach (var session in sessions) Start(session, now);
    }

    public void Clear()
    {
        foreach (var handle in _handles.Values) _deadlines.Remove(handle);
        _handles.Clear();
    }

    /// <summary>Gives <paramref name="session"/> its full time from <paramref name="now"/> on; nothing for a session without TTL.</summary>
    public void Start(Session session, Instant now)
    {
        if (Lifetime(session) is { } lifetime) SetDeadline(session.Id, now + lifetime);
    }

    /// <summary>Forgets a session that has ended.</summary>
    public void Forget(string id)
    {
        if (_handles.Remove(id, out var handle)) _deadlines.Remove(handle);
    }

    /// <summary>Adds the sessions that must be destroyed now to <paramref name="expired"/>. They stay noted, to be destroyed again, until <see cref="Forget"/>.</summary>
    public void CollectDue(Instant now, List<string> expired)
    {
        while (_deadlines.TryPopDue(now, out string id))
        {
            _handles.Remove(id);
            expired.Add(id);
        }
        foreach (string id in expired) SetDeadline(id, now + RetryAfter);
    }

    private void SetDeadline(string id, Instant deadline)
    {
        if (_handles.TryGetValue(id, out var handle)) _deadlines.Update(handle, deadline);
        else _handles.Add(id, _deadlines.Add(deadline, id));
    }

    private TimeSpan? Lifetime(Session session)
    {
        if (session.Ttl.Length == 0 || !GoDuration.TryParse(session.Ttl, out var duration, out _) || duration.Nanoseconds <= 0) return null;
        var ttl = duration.ToTimeSpan();
        return (ttl < _ttlMin ? _ttlMin : ttl) * TtlMultiplier;
    }
}
