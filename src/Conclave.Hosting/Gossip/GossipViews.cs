using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Gossip;
using Conclave.Gossip.Coordinates;

namespace Conclave.Hosting.Gossip;

/// <summary>What other threads see of a pool: values that never change, published by the loop after a turn.</summary>
/// <param name="withCoordinates">Whether the members' coordinates are published.</param>
internal sealed class GossipViews(bool withCoordinates)
{
    // Numbers and coordinates are for people: objects for each turn would be garbage for nobody.
    private static readonly TimeSpan NumbersInterval = TimeSpan.FromSeconds(1);

    private readonly List<GossipMember> _scratch = [];                  // the loop's, as are the next two
    private ulong? _version;
    private Instant _nextNumbers;
    private volatile IReadOnlyList<GossipMember> _members = [];
    private volatile GossipMember? _self;
    private volatile GossipNumbers _numbers = new();
    private volatile Coordinate _coordinate = Vivaldi.Fresh();
    private volatile IReadOnlyList<KeyValuePair<string, Coordinate>> _coordinates = [];

    /// <summary>All members, ordinal by name.</summary>
    public IReadOnlyList<GossipMember> Members => _members;

    /// <summary>The own member; set from the first turn on.</summary>
    public GossipMember Self => _self!;

    /// <summary>Numbers for people, about a second old at most.</summary>
    public GossipNumbers Numbers => _numbers;

    /// <summary>The own coordinate, about a second old at most.</summary>
    public Coordinate Coordinate => _coordinate;

    /// <summary>The members' coordinates, ordinal by name, about a second old at most.</summary>
    public IReadOnlyList<KeyValuePair<string, Coordinate>> Coordinates => _coordinates;

    /// <summary>Publishes what has changed. On the loop. True when the members have.</summary>
    public bool Publish(GossipPool pool, Instant now)
    {
        bool hasChanged = _version != pool.MembersVersion;
        if (hasChanged) PublishMembers(pool);
        if (now < _nextNumbers) return hasChanged;
        _nextNumbers = now + NumbersInterval;
        _numbers = pool.Numbers;
        _coordinate = Copy(pool.Coordinate);
        if (withCoordinates) PublishCoordinates(pool);
        return hasChanged;
    }

    private void PublishMembers(GossipPool pool)
    {
        _version = pool.MembersVersion;
        pool.CopyMembers(_scratch);
        _members = _scratch.ToArray();
        _self = pool.Self;
        _scratch.Clear();
    }

    private void PublishCoordinates(GossipPool pool)
    {
        var coordinates = new List<KeyValuePair<string, Coordinate>>(_members.Count);
        foreach (var member in _members)
            if (pool.TryGetCoordinate(member.Name, out var coordinate)) coordinates.Add(new(member.Name, Copy(coordinate)));
        _coordinates = coordinates;
    }

    private static Coordinate Copy(Coordinate coordinate) => coordinate with { Vec = [.. coordinate.Vec] };
}
