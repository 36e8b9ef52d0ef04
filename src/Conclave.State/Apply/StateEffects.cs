using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>A session that an apply brought to its end, whatever the cause.</summary>
/// <param name="Session">The session as it was.</param>
/// <param name="Keys">The keys it held; the leader keeps them from being locked for the session's lock delay.</param>
public sealed record SessionEnded(Session Session, IReadOnlyList<byte[]> Keys);

/// <summary>What applying commands asks of the leader, outside the replicated state.</summary>
internal sealed class StateEffects
{
    private List<SessionEnded> _ended = [];
    private List<Session> _created = [];
    private ulong _newestTombstone;

    public void Ended(SessionEnded session) => _ended.Add(session);

    public void Created(Session session) => _created.Add(session);

    public void TombstoneAt(ulong index) => _newestTombstone = Math.Max(_newestTombstone, index);

    public List<SessionEnded> TakeEnded() => Take(ref _ended);

    public List<Session> TakeCreated() => Take(ref _created);

    public ulong TakeNewestTombstone()
    {
        var newest = _newestTombstone;
        _newestTombstone = 0;
        return newest;
    }

    public EffectMark Mark() => new(_ended.Count, _created.Count, _newestTombstone);

    public void Restore(EffectMark mark)
    {
        _ended.RemoveRange(mark.Ended, _ended.Count - mark.Ended);
        _created.RemoveRange(mark.Created, _created.Count - mark.Created);
        _newestTombstone = mark.NewestTombstone;
    }

    private static List<T> Take<T>(ref List<T> list)
    {
        if (list.Count == 0) return [];
        var taken = list;
        list = [];
        return taken;
    }
}

/// <summary>How far the effects had come at a savepoint.</summary>
internal readonly record struct EffectMark(int Ended, int Created, ulong NewestTombstone);
