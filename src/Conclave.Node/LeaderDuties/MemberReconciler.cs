using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.Pool;
using Conclave.State;

namespace Conclave.Node.LeaderDuties;

/// <summary>
/// Makes the catalog say what the pool says: who is there has a node and a passing check, who failed a critical one, who left or was forgotten is gone. Looks at once at whoever
/// changed, and at everybody on taking leadership and every <see cref="Period"/>. Writes only what differs.
/// </summary>
/// <remarks>
/// A round looks at some members, proposes what they need and waits until that is applied: a second look before would propose the same again. Nodes without the check
/// <c>serfHealth</c> never belonged to a member and are left alone.
/// </remarks>
internal sealed class MemberReconciler
{
    /// <summary>Time between two looks at everybody.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(60);

    /// <summary>Names of changed members that wait for a look; when more change, everybody is looked at.</summary>
    internal const int ChangedMax = 4096;

    // A turn of the loop must stay short for the sake of everything else in it, and the log must have room for others.
    private const int LooksPerTurn = 1000, WritesPerRound = 256;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(50);

    private readonly NodeConfig _config;
    private readonly PoolMember _self;
    private readonly PoolView _pool;
    private readonly Func<StateRoot> _root;
    private readonly Func<byte[], ulong> _propose;
    private readonly Action<NodeLogLevel, string> _log;
    private readonly Queue<string> _changed = new();
    private readonly HashSet<string> _isQueued = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<NodeEntry> _nodes = [];
    private IReadOnlyList<PoolMember>? _pass;                  // whom a look at everybody goes through; null when none is under way
    private int _passed;
    private bool _isLeading, _hasNoRoom;
    private ulong _awaited;                                    // the last entry proposed
    private int _writes;                                       // of this round
    private Instant _nextPass = Instant.Never, _resumeAt, _trustedSince = Instant.Never;

    /// <param name="config">Identity.</param>
    /// <param name="pool">The pool; kept up to date by the caller, who tells what changed.</param>
    /// <param name="root">The newest state.</param>
    /// <param name="propose">Adds a command to the log and gives its index; 0 when there is no room.</param>
    /// <param name="log">Lines for the operator.</param>
    public MemberReconciler(NodeConfig config, PoolView pool, Func<StateRoot> root, Func<byte[], ulong> propose, Action<NodeLogLevel, string> log)
    {
        (_config, _pool, _root, _propose, _log) = (config, pool, root, propose, log);
        _self = MemberEntry.Self(config);
    }

    /// <summary>When <see cref="OnTick"/> has something to do; <see cref="Instant.Never"/> while something proposed is not applied yet.</summary>
    public Instant NextWake
    {
        get
        {
            if (!_isLeading || IsAwaiting) return Instant.Never;
            if (_pass is not null || _changed.Count > 0) return _resumeAt;
            return _nextPass > _resumeAt ? _nextPass : _resumeAt;
        }
    }

    private bool IsAwaiting => _root().LastIndex < _awaited;

    /// <summary>Begins to look.</summary>
    public void TakeLeadership(Instant now)
    {
        Resign();
        _isLeading = true;
        (_nextPass, _resumeAt) = (now, now);
    }

    /// <summary>Somebody else leads.</summary>
    public void Resign()
    {
        _isLeading = false;
        _awaited = 0;
        _trustedSince = Instant.Never;
        EndPass();
        _changed.Clear();
        _isQueued.Clear();
    }

    /// <summary>Another state has come in the place of the one before: what was known of it, and what was proposed, is nothing any more.</summary>
    public void BeginAnew(Instant now)
    {
        _awaited = 0;
        EndPass();
        (_nextPass, _resumeAt) = (now, now);
    }

    /// <summary>These members came, changed or were forgotten.</summary>
    public void OnChanged(List<string> names, Instant now)
    {
        if (!_isLeading) return;
        foreach (string name in names)
            if (_isQueued.Add(name)) _changed.Enqueue(name);
        if (_changed.Count <= ChangedMax) return;
        // Those forgotten are told from strangers no more, and go when the pool is trusted.
        _changed.Clear();
        _isQueued.Clear();
        EndPass();
        _nextPass = now;
    }

    /// <summary>Does what is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isPoolTrusted">Whether the pool knows everybody whom Raft knows to be there.</param>
    public void OnTick(Instant now, bool isPoolTrusted)
    {
        if (!_isLeading) return;
        if (!isPoolTrusted) _trustedSince = Instant.Never;
        else if (_trustedSince == Instant.Never) _trustedSince = now;
        if (IsAwaiting || now < _resumeAt) return;

        (_writes, _hasNoRoom) = (0, false);
        if (_pass is null && now >= _nextPass) BeginPass(now);
        var root = _root();
        for (int looks = 0; looks < LooksPerTurn && _writes < WritesPerRound && !_hasNoRoom && TryTakeNext(out string name); looks++) Look(name, root);
        if (_pass is not null && _passed == _pass.Count && _writes < WritesPerRound && !_hasNoRoom) FinishPass(root, now);
        if (_hasNoRoom) _resumeAt = now + RetryAfter;
    }

    private void BeginPass(Instant now)
    {
        // An agent without a pool looks after itself.
        _pass = _pool.Members.Count > 0 ? _pool.Members : [_self];
        _passed = 0;
        _nextPass = now + Period;
    }

    private void EndPass() => _pass = null;

    private bool TryTakeNext(out string name)
    {
        if (_changed.TryDequeue(out name!))
        {
            _isQueued.Remove(name);
            return true;
        }
        if (_pass is null || _passed == _pass.Count) return false;
        name = _pass[_passed++].Name;
        return true;
    }

    private void Look(string name, StateRoot root)
    {
        var member = _pool.Find(name) ?? (_pool.Members.Count == 0 && name == _self.Name ? _self : null);
        var node = root.NodeNamed(name);
        switch (member)
        {
            case null:
                if (node is not null) Remove(node, root, id: "", "reaped");
                break;
            case { Role: PoolRole.Other }:
                break;
            case { Status: ServerMemberStatus.Alive or ServerMemberStatus.Leaving }:
                if (!MemberEntry.IsCurrent(member, node, root)) Register(member, node, root);
                break;
            case { Status: ServerMemberStatus.Failed }:
                if (node is not null) MarkFailed(node, root);
                break;
            default:
                if (node is not null) Remove(node, root, member.Id, "left");
                break;
        }
    }

    private void Register(PoolMember member, NodeEntry? node, StateRoot root)
    {
        if (member.Id.Length > 0 && !TryFreeName(member, node, root)) return;
        if (Propose(member.Name, CommandCodec.Encode(MemberEntry.Alive(member, node, _config)))) _log(NodeLogLevel.Info, $"member joined, marking health alive: member={member.Name}");
    }

    // The state refuses to give the name of a node that is well to another id. Gossip knows better: the name has gone over to this member, so the one before it is gone.
    private bool TryFreeName(PoolMember member, NodeEntry? node, StateRoot root)
    {
        var sameId = root.NodeWithId(member.Id);
        bool isRenamed = sameId is not null && !sameId.Name.Equals(member.Name, StringComparison.OrdinalIgnoreCase);
        if (isRenamed && _pool.Find(sameId!.Name) is { Status: ServerMemberStatus.Alive } holder && MemberEntry.IsSameId(holder.Id, member.Id)) return Conflict(member, holder);
        if (node is null || MemberEntry.IsSameId(node.Id, member.Id)) return true;
        if (node.Id.Length > 0 && _pool.FindAlive(node.Id) is { } owner && owner.Name != member.Name) return Conflict(member, owner);
        if (node.Id.Length == 0 && !isRenamed) return true;
        if (root.CheckOn(node.Name, MemberEntry.CheckId) is not { } check || check.Status == HealthStatus.Critical) return true;
        return Propose(member.Name, CommandCodec.Encode(MemberEntry.Failed(node, _config)));
    }

    private bool Conflict(PoolMember member, PoolMember other)
    {
        _log(NodeLogLevel.Warning, $"member is not registered, another one has its name or id in the catalog: member={member.Name} id={member.Id} other={other.Name} other_id={other.Id}");
        return false;
    }

    private void MarkFailed(NodeEntry node, StateRoot root)
    {
        if (root.CheckOn(node.Name, MemberEntry.CheckId) is { Status: HealthStatus.Critical }) return;
        if (Propose(node.Name, CommandCodec.Encode(MemberEntry.Failed(node, _config)))) _log(NodeLogLevel.Info, $"member failed, marking health critical: member={node.Name}");
    }

    // A leader that leaves is removed by the next one: it could not be sure that anybody hears it.
    private void Remove(NodeEntry node, StateRoot root, string id, string reason)
    {
        if (node.Name.Equals(_self.Name, StringComparison.OrdinalIgnoreCase)) return;
        bool wasMember = root.CheckOn(node.Name, MemberEntry.CheckId) is not null || (id.Length > 0 && MemberEntry.IsSameId(node.Id, id));
        if (!wasMember) return;
        var request = new DeregisterRequest { Datacenter = _config.Identity.Datacenter, Node = node.Name };
        if (Propose(node.Name, CommandCodec.Encode(request))) _log(NodeLogLevel.Info, $"deregistering member: member={node.Name} reason={reason}");
    }

    private void FinishPass(StateRoot root, Instant now)
    {
        EndPass();
        if (_trustedSince == Instant.Never || now - _trustedSince < _config.PoolTrustAfter) return;
        root.Nodes(null, null, _nodes);
        foreach (var node in _nodes)
        {
            if (_pool.Find(node.Name) is not null || root.CheckOn(node.Name, MemberEntry.CheckId) is null) continue;
            if (_isQueued.Add(node.Name)) _changed.Enqueue(node.Name);
        }
        _nodes.Clear();
    }

    private bool Propose(string name, byte[] command)
    {
        if (_hasNoRoom) return false;
        if (_propose(command) is > 0 and var index)
        {
            _awaited = index;
            _writes++;
            return true;
        }
        _hasNoRoom = true;
        if (_isQueued.Add(name)) _changed.Enqueue(name);
        return false;
    }
}
