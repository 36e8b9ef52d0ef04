using System.Net;
using System.Text;
using System.Text.Json;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Consul;
using Conclave.Gossip.Messages;
using Fields = System.Collections.Generic.Dictionary<string, object?>;

namespace Conclave.Gossip.Tests;

/// <summary>Shows decoded messages in the form of the recorded <c>decoded</c> fields.</summary>
internal static class MessageView
{
    public static Fields Of(MessageType type, ReadOnlySpan<byte> body, JsonElement expected)
    {
        var view = new Fields { ["ml"] = NameOf(type), ["type"] = (int)type };
        if (type == MessageType.User) view["inner"] = expected.GetProperty("inner").TryGetProperty("opaque", out _) ? new Fields { ["opaque"] = Text(body) } : OfSerf(body, expected.GetProperty("inner"));
        else view["body"] = BodyOf(type, body);
        return view;
    }

    public static Fields OfNode(in NodeState node) => new()
    {
        ["Name"] = Text(node.Name), ["Addr"] = Address(node.Addr), ["Port"] = node.Port, ["Meta"] = Meta(node.Meta), ["Incarnation"] = node.Incarnation,
        ["State"] = $"{(int)node.Status} {node.Status.ToString().ToLowerInvariant()}", ["Vsn"] = Versions(node.Vsn),
    };

    public static Fields OfSerf(ReadOnlySpan<byte> message, JsonElement expected)
    {
        var type = (SerfMessageType)message[0];
        var body = message[1..];
        string name = type.ToString();
        var view = new Fields { ["serf"] = char.ToLowerInvariant(name[0]) + name[1..], ["type"] = (int)type };
        if (type == SerfMessageType.Relay)
        {
            var header = GossipCodec.DecodeRelay(body, out var inner);
            view["header"] = new Fields
            {
                ["DestAddr"] = new Fields { ["IP"] = Address(header.Destination.Ip), ["Port"] = header.Destination.Port, ["Zone"] = Text(header.Destination.Zone) },
                ["DestName"] = Text(header.DestinationName),
            };
            view["inner"] = OfSerf(inner, expected.GetProperty("inner"));
            return view;
        }
        view["body"] = SerfBodyOf(type, body, view, expected);
        return view;
    }

    public static object? Meta(GossipBytes meta)
    {
        if (meta.IsNil) return null;
        if (!GossipCodec.TryDecodeTags(meta.Span, out var tags)) return new Fields { ["role"] = Text(meta.Span) };
        return new Fields { ["magic"] = 255, ["tags"] = Tags(tags) };
    }

    public static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static string NameOf(MessageType type) => type switch
    {
        MessageType.Ack => "ackResp",
        MessageType.Nack => "nackResp",
        MessageType.Error => "errResp",
        _ => char.ToLowerInvariant(type.ToString()[0]) + type.ToString()[1..],
    };

    private static Fields BodyOf(MessageType type, ReadOnlySpan<byte> body)
    {
        var view = new Fields();
        switch (type)
        {
            case MessageType.Ping:
                var ping = GossipCodec.Decode<Ping>(body);
                view["SeqNo"] = ping.SeqNo;
                view["Node"] = Text(ping.Node);
                AddSource(view, ping.SourceAddr, ping.SourcePort, ping.SourceNode);
                break;
            case MessageType.IndirectPing:
                var indirect = GossipCodec.Decode<IndirectPing>(body);
                (view["SeqNo"], view["Target"], view["Port"], view["Node"], view["Nack"]) = (indirect.SeqNo, Address(indirect.Target), indirect.Port, Text(indirect.Node), indirect.Nack);
                AddSource(view, indirect.SourceAddr, indirect.SourcePort, indirect.SourceNode);
                break;
            case MessageType.Ack:
                var ack = GossipCodec.Decode<Ack>(body);
                (view["SeqNo"], view["Payload"]) = (ack.SeqNo, AckPayload(ack.Payload));
                break;
            case MessageType.Nack: view["SeqNo"] = GossipCodec.Decode<Nack>(body).SeqNo; break;
            case MessageType.Error: view["Error"] = Text(GossipCodec.Decode<ErrorAnswer>(body).Error); break;
            case MessageType.Suspect or MessageType.Dead:
                var accusation = GossipCodec.Decode<Accusation>(body);
                (view["Incarnation"], view["Node"], view["From"]) = (accusation.Incarnation, Text(accusation.Node), Text(accusation.From));
                break;
            case MessageType.Alive:
                var alive = GossipCodec.Decode<Alive>(body);
                (view["Incarnation"], view["Node"], view["Addr"], view["Port"], view["Meta"], view["Vsn"]) =
                    (alive.Incarnation, Text(alive.Node), Address(alive.Addr), alive.Port, Meta(alive.Meta), Versions(alive.Vsn));
                break;
            default: throw new InvalidOperationException($"{type} in a packet");
        }
        return view;
    }

    private static object? SerfBodyOf(SerfMessageType type, ReadOnlySpan<byte> body, Fields view, JsonElement expected)
    {
        switch (type)
        {
            case SerfMessageType.Leave:
                var leave = GossipCodec.Decode<LeaveIntent>(body);
                return new Fields { ["LTime"] = leave.LTime, ["Node"] = Text(leave.Node), ["Prune"] = leave.Prune };
            case SerfMessageType.Join:
                var join = GossipCodec.Decode<JoinIntent>(body);
                return new Fields { ["LTime"] = join.LTime, ["Node"] = Text(join.Node) };
            case SerfMessageType.PushPull: return State(GossipCodec.Decode<SerfState>(body));
            case SerfMessageType.UserEvent:
                var userEvent = GossipCodec.Decode<UserEvent>(body);
                if (expected.TryGetProperty("consulEvent", out var consul)) view["consulEvent"] = ConsulBody(userEvent.Payload.Span, consul);
                return new Fields { ["LTime"] = userEvent.LTime, ["Name"] = Text(userEvent.Name), ["Payload"] = Bytes(userEvent.Payload), ["CC"] = userEvent.Coalesce };
            case SerfMessageType.Query:
                var query = GossipCodec.Decode<Query>(body);
                if (expected.TryGetProperty("filters", out _)) view["filters"] = Filters(query.Filters);
                if (expected.TryGetProperty("payload", out var request)) view["payload"] = OfSerf(query.Payload.Span, request);
                return QueryView(query);
            case SerfMessageType.QueryResponse:
                var response = GossipCodec.Decode<QueryResponse>(body);
                if (expected.TryGetProperty("payload", out var answer)) view["payload"] = OfSerf(response.Payload.Span, answer);
                return new Fields { ["LTime"] = response.LTime, ["ID"] = response.Id, ["From"] = Text(response.From), ["Flags"] = (uint)response.Flags, ["Payload"] = Bytes(response.Payload) };
            case SerfMessageType.ConflictResponse: return Member(GossipCodec.Decode<SerfMember>(body));
            case SerfMessageType.KeyRequest: return new Fields { ["Key"] = Bytes(GossipCodec.Decode<KeyRequest>(body).Key) };
            case SerfMessageType.KeyResponse:
                var keys = GossipCodec.Decode<KeyResponse>(body);
                return new Fields { ["Result"] = keys.Result, ["Message"] = Text(keys.Message), ["Keys"] = Texts(keys.Keys), ["PrimaryKey"] = Text(keys.PrimaryKey) };
            default: throw new InvalidOperationException($"Serf message {type}");
        }
    }

    private static Fields QueryView(in Query query) => new()
    {
        ["LTime"] = query.LTime, ["ID"] = query.Id, ["Addr"] = Address(query.Addr), ["Port"] = query.Port, ["SourceNode"] = Text(query.SourceNode), ["Filters"] = BytesList(query.Filters),
        ["Flags"] = (uint)query.Flags, ["RelayFactor"] = query.RelayFactor, ["Timeout"] = query.TimeoutNanoseconds, ["Name"] = Text(query.Name), ["Payload"] = Bytes(query.Payload),
    };

    private static Fields State(in SerfState state)
    {
        var times = new Fields();
        foreach (var time in state.StatusLTimes) times[Text(time.Node)] = time.LTime;
        var used = new List<Fields>();
        int slot = -1;
        foreach (var events in state.Events)
        {
            slot++;
            if (events.IsEmpty) continue;
            var list = new List<Fields>();
            foreach (var buffered in events.Events) list.Add(new() { ["Name"] = Text(buffered.Name), ["Payload"] = Bytes(buffered.Payload) });
            used.Add(new() { ["slot"] = slot, ["LTime"] = events.LTime, ["Events"] = list });
        }
        return new()
        {
            ["LTime"] = state.LTime, ["StatusLTimes"] = times, ["LeftMembers"] = Texts(state.LeftMembers), ["EventLTime"] = state.EventLTime,
            ["Events"] = new Fields { ["slots"] = state.Events.Count, ["used"] = used }, ["QueryLTime"] = state.QueryLTime,
        };
    }

    private static Fields? Member(in SerfMember member) => member.IsUnknown ? null : new()
    {
        ["Name"] = Text(member.Name), ["Addr"] = Address(member.Addr), ["Port"] = member.Port, ["Tags"] = Tags(member.Tags), ["Status"] = member.Status,
        ["ProtocolMin"] = member.Versions.Min, ["ProtocolMax"] = member.Versions.Max, ["ProtocolCur"] = member.Versions.Current,
        ["DelegateMin"] = member.Versions.DelegateMin, ["DelegateMax"] = member.Versions.DelegateMax, ["DelegateCur"] = member.Versions.DelegateCurrent,
    };

    private static object ConsulBody(ReadOnlySpan<byte> payload, JsonElement expected)
    {
        if (expected.ValueKind == JsonValueKind.String)
        {
            var copy = payload.ToArray();
            Assert.Throws<Core.Codec.MsgPackException>(() => ConsulEvent.Decode(copy));
            return expected;
        }
        var body = ConsulEvent.Decode(payload);
        var view = new Fields { ["ID"] = body.Id, ["n"] = body.Name, ["v"] = body.Version };
        if (!body.Payload.IsEmpty) view["p"] = Bytes(body.Payload.Span);
        if (body.NodeFilter.Length > 0) view["nf"] = body.NodeFilter;
        if (body.ServiceFilter.Length > 0) view["sf"] = body.ServiceFilter;
        if (body.TagFilter.Length > 0) view["tf"] = body.TagFilter;
        return view;
    }

    private static List<Fields> Filters(EncodedList<BytesElement> filters)
    {
        var views = new List<Fields>();
        foreach (var encoded in filters)
        {
            Assert.True(GossipCodec.TryDecodeFilter(encoded.Bytes.Span, out var filter));
            views.Add(filter.Kind == QueryFilter.NodesKind
                ? new() { ["nodes"] = Texts(filter.Nodes) }
                : new() { ["tag"] = new Fields { ["Tag"] = Text(filter.Tag.Tag), ["Expr"] = Text(filter.Tag.Expression) } });
        }
        return views;
    }

    private static void AddSource(Fields view, GossipBytes address, ushort port, ReadOnlySpan<byte> node)
    {
        if (address.Length > 0) view["SourceAddr"] = Address(address);
        if (port > 0) view["SourcePort"] = port;
        if (node.Length > 0) view["SourceNode"] = Text(node);
    }

    private static object? AckPayload(GossipBytes payload)
    {
        if (!GossipCodec.TryDecodeCoordinate(payload.Span, out var coordinate)) return Bytes(payload);
        var vec = new List<double>();
        foreach (var element in coordinate.Vec) vec.Add(element.Value);
        return new Fields
        {
            ["pingVersion"] = 1,
            ["coordinate"] = new Fields { ["Vec"] = vec, ["Error"] = coordinate.Error, ["Adjustment"] = coordinate.Adjustment, ["Height"] = coordinate.Height },
        };
    }

    private static Fields Tags(EncodedList<TagElement> tags)
    {
        var view = new Fields();
        foreach (var tag in tags) view[Text(tag.Name)] = Text(tag.Value);
        return view;
    }

    private static List<string>? Texts(EncodedList<TextElement> list)
    {
        if (list.IsNil) return null;
        var texts = new List<string>();
        foreach (var text in list) texts.Add(Text(text.Utf8));
        return texts;
    }

    private static List<object?>? BytesList(EncodedList<BytesElement> list)
    {
        if (list.IsNil) return null;
        var items = new List<object?>();
        foreach (var item in list) items.Add(Bytes(item.Bytes));
        return items;
    }

    private static object? Versions(GossipBytes vsn)
    {
        Assert.True(ProtocolVersions.TryParse(vsn.Span, out var versions));
        return new Fields { ["pmin"] = versions.Min, ["pmax"] = versions.Max, ["pcur"] = versions.Current, ["dmin"] = versions.DelegateMin, ["dmax"] = versions.DelegateMax, ["dcur"] = versions.DelegateCurrent };
    }

    private static object? Address(GossipBytes address) => address.IsNil ? null : new IPAddress(address.Span).ToString();

    private static object? Bytes(GossipBytes bytes) => bytes.IsNil ? null : Bytes(bytes.Span);

    private static object Bytes(ReadOnlySpan<byte> bytes) =>
        bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~') ? new Fields { ["hex"] = Convert.ToHexStringLower(bytes) } : Text(bytes);
}
