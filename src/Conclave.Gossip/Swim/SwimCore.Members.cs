using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    private const int FreeSuspicionsMax = 64;

    private readonly Stack<Suspicion> _freeSuspicions = [];
    private DeadlineHandle _leaveTimer;
    private bool _isLeaving;
    private bool _isLeaveAwaited;
    private bool _isFull;

    /// <summary>Tells all that we leave; <see cref="ISwimOwner.OnLeaveSent"/> tells when that has gone out. Repeated, it does nothing.</summary>
    public void Leave()
    {
        if (_isLeaving) return;
        _isLeaving = true;
        _isLeaveAwaited = true;
        Bury(_self, _self.Incarnation, _self.Key);
        var message = _scratch.Message;
        message.Clear();
        GossipCodec.EncodeDead(message, new Accusation { Incarnation = _self.Incarnation, Node = _self.Key.Utf8, From = _self.Key.Utf8 });
        TellAtOnce(message.WrittenSpan);
        if (AliveCount == 0) EndLeave();
        else _leaveTimer = SetTimer(_config.BroadcastTimeout, new(TimerKind.LeaveEnd));
    }

    /// <summary>Tells all about the changed <see cref="ISwimOwner.Meta"/>.</summary>
    public void UpdateMeta()
    {
        if (_isLeaving) return;
        _self.SetMeta(_scratch.Copy(_owner.Meta.Span));
        _self.Incarnation = IncarnationAbove(0);
        TellAlive(_self);
        _owner.OnUpdated(_self);
    }

    /// <summary>Drops a dead member or one that left, at once. Others are not dropped.</summary>
    public void Forget(string name)
    {
        if (_nodes.Find(name) is { IsThere: false } node && node != _self) Drop(node);
    }

    private void OnAlive(in Alive alive)
    {
        ulong hash = _scratch.Hash(alive.Node);
        var node = _nodes.Find(alive.Node, hash);
        if (node is not null && IsKnown(node, alive)) return;
        if (!TryReadCandidate(alive, out var endpoint, out ulong versions))
        {
            Numbers.MessagesDropped++;
            return;
        }
        if (node == _self) OnAliveAboutUs(alive, endpoint, versions);
        else if (node is null) OnAliveStranger(alive, hash, endpoint, versions);
        else OnAliveMember(node, alive, endpoint, versions);
    }

    // Nearly all that gossip brings has been heard before, and is not worth a closer look. What is said about us is.
    private bool IsKnown(SwimNode node, in Alive alive) =>
        alive.Incarnation <= node.Incarnation && node != _self && TryReadEndpoint(alive.Addr, alive.Port, out var endpoint) && endpoint == node.Endpoint;

    // A member without all six versions, or with which we have none in common, would be passed on and keep others from joining the pool.
    private bool TryReadCandidate(in Alive alive, out GossipEndpoint endpoint, out ulong versions)
    {
        versions = 0;
        if (!TryReadEndpoint(alive.Addr, alive.Port, out endpoint) || !_allowed.Allows(endpoint)) return false;
        if (alive.Incarnation == 0 || alive.Meta.Length > GossipLimits.MetaBytesMax || !NodeName.IsAcceptable(alive.Node)) return false;
        if (!ProtocolVersions.TryParse(alive.Vsn.Span, out var parsed) || parsed.Min == 0 || !ProtocolVersions.Unpack(_self.Versions).Suits(parsed)) return false;
        versions = parsed.Pack();
        return true;
    }

    private void OnAliveAboutUs(in Alive alive, GossipEndpoint endpoint, ulong versions)
    {
        if (_isLeaving) return;
        if (endpoint != _self.Endpoint) _owner.OnConflict(_self, endpoint, alive.Meta.Span);
        else if (alive.Incarnation < _self.Incarnation) return;
        else if (alive.Incarnation != _self.Incarnation || versions != _self.Versions || !alive.Meta.Span.SequenceEqual(_self.Meta.Span)) Refute(alive.Incarnation);
    }

    private void OnAliveStranger(in Alive alive, ulong hash, GossipEndpoint endpoint, ulong versions)
    {
        if (!HasRoom()) return;
        var name = _scratch.Name(alive.Node, hash);
        if (IsRefused(name, alive, endpoint)) return;
        var node = _owner.NodeFor(name);
        (node.State, node.ChangedAt) = (SwimState.Dead, _now);
        _nodes.Add(node, _random);
        Take(node, alive, endpoint, versions);
    }

    private void OnAliveMember(SwimNode node, in Alive alive, GossipEndpoint endpoint, ulong versions)
    {
        bool isElsewhere = endpoint != node.Endpoint;
        if (isElsewhere && !MayMove(node))
        {
            if (!IsRefused(node.Key, alive, endpoint)) _owner.OnConflict(node, endpoint, alive.Meta.Span);
            return;
        }
        if (IsRefused(node.Key, alive, endpoint)) return;
        CancelSuspicion(node);
        Take(node, alive, endpoint, versions);
    }

    // Who left, or was dead for long, may come back elsewhere; otherwise two processes have one name.
    private bool MayMove(SwimNode node) => node.State == SwimState.Left
        || (node.State == SwimState.Dead && _config.DeadNodeReclaimTime > TimeSpan.Zero && _now - node.ChangedAt > _config.DeadNodeReclaimTime);

    private void Take(SwimNode node, in Alive alive, GossipEndpoint endpoint, ulong versions)
    {
        bool wasThere = node.IsThere, isChanged = !alive.Meta.Span.SequenceEqual(node.Meta.Span);
        node.Endpoint = endpoint;
        node.Versions = versions;
        node.Incarnation = alive.Incarnation;
        if (isChanged) node.SetMeta(_scratch.Copy(alive.Meta.Span));
        if (node.State != SwimState.Alive) ChangeState(node, SwimState.Alive);
        TellAlive(node);
        if (!wasThere) _owner.OnJoined(node);
        else if (isChanged) _owner.OnUpdated(node);
    }

    private void OnSuspect(in Accusation accusation)
    {
        if (!IsAccuser(accusation.From) || _nodes.Find(accusation.Node) is not { } node) return;
        if (accusation.Incarnation < node.Incarnation)
        {
            if (node == _self) Remind(accusation.From);
            return;
        }
        if (node.Suspicion is { } suspicion) Confirm(suspicion, accusation);
        else if (node.State != SwimState.Alive) return;
        else if (node == _self) RefuteLoudly("suspect", accusation);
        else Suspect(node, accusation.Incarnation, NameOf(accusation.From));
    }

    private void Suspect(SwimNode node, uint incarnation, NodeName from)
    {
        node.Incarnation = incarnation;
        ChangeState(node, SwimState.Suspect);
        _rumors.Add(node, MessageType.Suspect, incarnation, from);
        var min = SuspicionTimes.Min(_config.SuspicionMult, _nodes.Count, _config.ProbeInterval);
        var suspicion = _freeSuspicions.TryPop(out var free) ? free : new Suspicion();
        suspicion.Start(node, from.Hash, SuspicionTimes.Confirmations(_config.SuspicionMult, _nodes.Count), min, min * _config.SuspicionMaxTimeoutMult, _clock);
        SetTimer(suspicion);
        node.Suspicion = suspicion;
    }

    private void Confirm(Suspicion suspicion, in Accusation accusation)
    {
        if (!suspicion.TryConfirm(_scratch.Hash(accusation.From))) return;
        _rumors.Add(suspicion.Node!, MessageType.Suspect, accusation.Incarnation, NameOf(accusation.From));
        _timers.Update(suspicion.Timer, suspicion.NextDue(_config.ProbeTimeout));
    }

    private void SetTimer(Suspicion suspicion) => suspicion.Timer = _timers.Add(suspicion.NextDue(_config.ProbeTimeout), new(TimerKind.SuspicionDue, Suspicion: suspicion));

    private void OnSuspicionDue(Suspicion suspicion)
    {
        if (suspicion.IsAgreed || suspicion.Warnings == Suspicion.WarningsMax || _clock >= suspicion.Deadline) EndSuspicion(suspicion);
        else Warn(suspicion);
    }

    // When hardly anybody else suspects it, most have heard it object, and we may be the one whom gossip missed: it is told once more, and again, that it is suspected here, and
    // reminds us if it is there.
    private void Warn(Suspicion suspicion)
    {
        suspicion.Warnings++;
        SetTimer(suspicion);
        var node = suspicion.Node!;
        var message = _scratch.Message;
        message.Clear();
        GossipCodec.EncodeSuspect(message, new Accusation { Incarnation = node.Incarnation, Node = node.Key.Utf8, From = _self.Key.Utf8 });
        Send(node.Endpoint, message.WrittenSpan, MaxVersionOf(node) >= ChecksumSince);
    }

    private void EndSuspicion(Suspicion suspicion)
    {
        var node = suspicion.Node!;
        Log(GossipLogLevel.Info, $"Marking {node.Name} as failed, suspect timeout reached ({suspicion.Confirmations} peer confirmations)");
        Bury(node, node.Incarnation, _self.Key);
    }

    // Whoever suspects an incarnation that we have left behind has missed our refutation, and gossip does not bring it again: it would call us failed when
    // its time is over, although it hears our acks. One packet for one packet, to a member only.
    private void Remind(ReadOnlySpan<byte> name)
    {
        if (_isLeaving || _nodes.Find(name) is not { } accuser || accuser == _self) return;
        var message = _scratch.Message;
        message.Clear();
        Rumor.WriteAlive(message, _self, _self.Incarnation);
        Send(accuser.Endpoint, message.WrittenSpan, MaxVersionOf(accuser) >= ChecksumSince);
    }

    private void OnDead(in Accusation accusation)
    {
        if (!IsAccuser(accusation.From) || _nodes.Find(accusation.Node) is not { IsThere: true } node || accusation.Incarnation < node.Incarnation) return;
        if (node == _self) RefuteLoudly("dead", accusation);
        else Bury(node, accusation.Incarnation, NameOf(accusation.From));
    }

    private void Bury(SwimNode node, uint incarnation, NodeName from)
    {
        CancelSuspicion(node);
        node.Incarnation = incarnation;
        ChangeState(node, from.Is(node.Key.Utf8, node.Key.Hash) ? SwimState.Left : SwimState.Dead);
        _rumors.Add(node, MessageType.Dead, incarnation, from);
        _owner.OnGone(node);
    }

    private void ChangeState(SwimNode node, SwimState state)
    {
        bool wasThere = node.IsThere;
        node.State = state;
        node.ChangedAt = _now;
        if (wasThere != node.IsThere) AliveCount += node.IsThere ? 1 : -1;
    }

    private void CancelSuspicion(SwimNode node)
    {
        if (node.Suspicion is not { } suspicion) return;
        _timers.Remove(suspicion.Timer);
        node.Suspicion = null;
        suspicion.Clear();
        if (_freeSuspicions.Count < FreeSuspicionsMax) _freeSuspicions.Push(suspicion);
    }

    private void RefuteLoudly(string what, in Accusation accusation)
    {
        if (_logGate.TryPass(_now)) Log(GossipLogLevel.Warning, $"Refuting a {what} message (from: {NameOf(accusation.From).Text})");
        Refute(accusation.Incarnation);
    }

    private void Refute(uint incarnation)
    {
        _self.Incarnation = IncarnationAbove(incarnation);
        Numbers.Refutations++;
        ChangeHealth(+1);
        TellAlive(_self);
    }

    // Nothing exceeds the greatest number. Whoever claims it about us has cut us off from those who believe it until they forget us; for them and for all
    // others we then begin anew, as a process that was just started does, and can be suspected and can refute again.
    private uint IncarnationAbove(uint accused)
    {
        ulong next = Math.Max((ulong)_self.Incarnation, accused) + 1;
        return next > uint.MaxValue ? 1 : (uint)next;
    }

    private void TellAlive(SwimNode node) => _rumors.Add(node, MessageType.Alive, node.Incarnation);

    // Older members may leave it empty. It need not be known: a member that is new to us may accuse.
    private static bool IsAccuser(ReadOnlySpan<byte> from) => from.IsEmpty || NodeName.IsAcceptable(from);

    private NodeName NameOf(ReadOnlySpan<byte> from)
    {
        ulong hash = _scratch.Hash(from);
        return _nodes.Find(from, hash)?.Key ?? new NodeName(from.ToArray(), hash);
    }

    private bool IsRefused(NodeName name, in Alive alive, GossipEndpoint endpoint)
    {
        if (_owner.Refuse(name.Text, endpoint, alive.Meta.Span, alive.Vsn.Span) is not { } reason) return false;
        if (_logGate.TryPass(_now)) Log(GossipLogLevel.Warning, $"ignoring alive message for '{name.Text}': {reason}");
        return true;
    }

    private bool HasRoom()
    {
        if (_nodes.Count < GossipLimits.MembersMax)
        {
            _isFull = false;
            return true;
        }
        if (!_isFull) Log(GossipLogLevel.Error, $"No room for more than {GossipLimits.MembersMax} members: new ones are not taken in");
        _isFull = true;
        return false;
    }

    // Before a new round of probes: those dead for long are forgotten here, though not by the layer above.
    private void ForgetTheLongDead()
    {
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            var node = _nodes[i];
            if (!node.IsThere && node != _self && _now - node.ChangedAt > _config.GossipToTheDeadTime) Drop(node);
        }
    }

    private void Drop(SwimNode node)
    {
        _rumors.Remove(node);
        _nodes.Remove(node);
    }

    private void EndLeaveWhenSent()
    {
        if (_isLeaveAwaited && _self.Rumor is null) EndLeave();
    }

    private void EndLeave()
    {
        _isLeaveAwaited = false;
        _timers.Remove(_leaveTimer);
        _owner.OnLeaveSent();
    }
}
