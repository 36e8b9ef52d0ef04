using System.Buffers;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    /// <summary>Writes all that this member knows.</summary>
    private void WriteState(PooledBuffer output, bool isJoin)
    {
        using var userState = new PooledBuffer();
        _owner.WriteState(userState, isJoin);
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)MessageType.PushPull);
        new PushPullHeader { Join = isJoin, Nodes = _nodes.Count, UserStateBytes = userState.WrittenCount }.Write(ref writer);
        writer.Flush();
        for (int i = 0; i < _nodes.Count; i++) WriteNode(output, _nodes[i]);
        output.Write(userState.WrittenSpan);
    }

    private static void WriteNode(PooledBuffer output, SwimNode node)
    {
        Span<byte> address = stackalloc byte[GossipEndpoint.AddressBytesMax];
        Span<byte> versions = stackalloc byte[ProtocolVersions.Size];
        var endpoint = node.Endpoint;
        ProtocolVersions.Unpack(node.Versions).CopyTo(versions);
        Write(output, new NodeState
        {
            Name = node.Key.Utf8,
            Addr = (ReadOnlySpan<byte>)address[..endpoint.CopyAddress(address)],
            Port = endpoint.Port,
            Meta = node.Meta.Span,
            Incarnation = node.Incarnation,
            Status = (NodeStatus)node.State,
            Vsn = (ReadOnlySpan<byte>)versions,
        });
    }

    private static void Write(PooledBuffer output, scoped in NodeState state)
    {
        var writer = new MsgPackWriter(output);
        state.Write(ref writer);
        writer.Flush();
    }

    /// <summary>Takes over what somebody else knows; returns why nothing of it was taken, or null.</summary>
    private string? Merge(in PushPull remote, bool isJoin)
    {
        if (VersionConflict(remote.Nodes) is { } conflict) return conflict;
        if (isJoin && _owner.RefuseMerge(remote) is { } reason) return reason;
        foreach (var node in remote.Nodes) Merge(node);
        if (!remote.UserState.IsEmpty) _owner.MergeState(remote.UserState, isJoin);
        return null;
    }

    private void Merge(in NodeState node)
    {
        switch (node.Status)
        {
            case NodeStatus.Alive:
                OnAlive(new Alive { Incarnation = node.Incarnation, Node = node.Name, Addr = node.Addr, Port = node.Port, Meta = node.Meta, Vsn = node.Vsn });
                break;
            case NodeStatus.Left:
                OnDead(new Accusation { Incarnation = node.Incarnation, Node = node.Name, From = node.Name });
                break;
            // Whoever is dead for others is suspect for us: it gets the time to object.
            case NodeStatus.Dead or NodeStatus.Suspect:
                OnSuspect(new Accusation { Incarnation = node.Incarnation, Node = node.Name, From = _self.Key.Utf8 });
                break;
            default:
                Numbers.MessagesDropped++;
                break;
        }
    }

    // All members of both sides must speak a version that all who are alive understand. Members that come without versions are not taken in anyway, and
    // must not keep the others apart.
    private string? VersionConflict(EncodedList<NodeState> remote)
    {
        var range = VersionRange.All;
        foreach (var node in remote)
            if (node.Status == NodeStatus.Alive && ProtocolVersions.TryParse(node.Vsn.Span, out var versions)) range = range.Narrow(versions);
        for (int i = 0; i < _nodes.Count; i++)
            if (_nodes[i].State == SwimState.Alive) range = range.Narrow(ProtocolVersions.Unpack(_nodes[i].Versions));

        foreach (var node in remote)
            if (ProtocolVersions.TryParse(node.Vsn.Span, out var versions) && range.Conflict(versions) is { } conflict) return $"Node '{NameOf(node.Name).Text}' {conflict}";
        for (int i = 0; i < _nodes.Count; i++)
            if (range.Conflict(ProtocolVersions.Unpack(_nodes[i].Versions)) is { } conflict) return $"Node '{_nodes[i].Name}' {conflict}";
        return null;
    }
}
