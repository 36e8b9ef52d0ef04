namespace Conclave.Node.Pool;

/// <summary>The members of the datacenter's pool, as last told. Tells what a new list changed, so that nothing depends on having seen every event.</summary>
internal sealed class PoolView
{
    // The catalog knows names without regard to case. Of members that differ in nothing else one counts; see Wins.
    private readonly Dictionary<string, PoolMember> _byName = new(StringComparer.OrdinalIgnoreCase);
    private IReadOnlyList<PoolMember> _members = [];

    /// <summary>All members, ordinal by name. A list that never changes.</summary>
    public IReadOnlyList<PoolMember> Members => _members;

    /// <summary>The member that the catalog's node of this name is, or null.</summary>
    public PoolMember? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A member that is there and has this id, or null. Walks through all of them: for rare conflicts.</summary>
    public PoolMember? FindAlive(string id)
    {
        foreach (var member in _members)
            if (member.Status == ServerMemberStatus.Alive && string.Equals(member.Id, id, StringComparison.OrdinalIgnoreCase)) return member;
        return null;
    }

    /// <summary>Takes over a new list, ordinal by name, and adds the names of those that came, changed or are gone to <paramref name="changed"/>. True when a server is among them.</summary>
    public bool Replace(IReadOnlyList<PoolMember> members, List<string> changed)
    {
        bool hasServer = Compare(_members, members, changed);
        _members = members;
        _byName.Clear();
        foreach (var member in members)
            if (!_byName.TryGetValue(member.Name, out var other) || Wins(member, other)) _byName[member.Name] = member;
        return hasServer;
    }

    // Both are sorted, so one walk finds everything; members that did not change are mostly the same objects.
    private static bool Compare(IReadOnlyList<PoolMember> before, IReadOnlyList<PoolMember> after, List<string> changed)
    {
        bool hasServer = false;
        int a = 0, b = 0;
        while (a < before.Count || b < after.Count)
        {
            int order = a == before.Count ? 1 : b == after.Count ? -1 : string.CompareOrdinal(before[a].Name, after[b].Name);
            var old = order <= 0 ? before[a++] : null;
            var current = order >= 0 ? after[b++] : null;
            if (ReferenceEquals(old, current) || (old is not null && old == current)) continue;
            changed.Add((current ?? old)!.Name);
            hasServer |= old?.Server is not null || current?.Server is not null;
        }
        return hasServer;
    }

    private static bool Wins(PoolMember member, PoolMember other) => member.Status == ServerMemberStatus.Alive && other.Status != ServerMemberStatus.Alive;
}
