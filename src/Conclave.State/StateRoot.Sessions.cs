using Conclave.Core.Model;

namespace Conclave.State;

public sealed partial class StateRoot
{
    /// <summary>Reads one session. An id that is no UUID names none (see <see cref="Uuids.SessionIdProblem"/>).</summary>
    public ulong SessionGet(string id, WatchSet? watches, out Session? session)
    {
        Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
        session = Uuids.TrySessionKey(id, key, out var length, out _) ? Tables.Sessions.Get(key[..length], watches) : null;
        return IndexOf(IndexName.Sessions);
    }

    /// <summary>All sessions.</summary>
    public ulong SessionList(WatchSet? watches, List<Session> into)
    {
        foreach (var session in Tables.Sessions.Scan([], watches)) into.Add(session);
        return IndexOf(IndexName.Sessions);
    }

    /// <summary>The sessions of one node.</summary>
    public ulong NodeSessions(string node, WatchSet? watches, List<Session> into)
    {
        foreach (var session in Tables.SessionsByNode.Scan(Keys.Of(stackalloc byte[Keys.Scratch], node), watches)) into.Add(session);
        return IndexOf(IndexName.Sessions);
    }
}
