using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>What other threads see of a pool: values that never change, published by the loop after a turn.</summary>
internal sealed class GossipViews
{
    // Numbers are for people: an object for each turn would be garbage for nobody.
    private static readonly TimeSpan NumbersInterval = TimeSpan.FromSeconds(1);

    private readonly List<GossipMember> _scratch = [];                  // the loop's, as are the next two
    private ulong? _version;
    private Instant _nextNumbers;
    private volatile IReadOnlyList<GossipMember> _members = [];
    private volatile GossipMember? _self;
    private volatile GossipNumbers _numbers = new();

    /// <summary>All members, ordinal by name.</summary>
    public IReadOnlyList<GossipMember> Members => _members;

    /// <summary>The own member; set from the first turn on.</summary>
    public GossipMember Self => _self!;

    /// <summary>Numbers for people, about a second old at most.</summary>
    public GossipNumbers Numbers => _numbers;

    /// <summary>Publishes what has changed. On the loop.</summary>
    public void Publish(GossipPool pool, Instant now)
    {
        if (now >= _nextNumbers)
        {
            _numbers = pool.Numbers;
            _nextNumbers = now + NumbersInterval;
        }
        if (_version == pool.MembersVersion) return;
        _version = pool.MembersVersion;
        pool.CopyMembers(_scratch);
        _members = _scratch.ToArray();
        _self = pool.Self;
        _scratch.Clear();
    }
}
