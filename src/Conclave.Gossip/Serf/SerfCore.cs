using System.Buffers;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Coordinates;
using Conclave.Gossip.Files;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>Serf above membership: puts its parts together, hands them the messages and deadlines that are theirs.</summary>
internal sealed class SerfCore : ISwimOwner, IDisposable
{
    /// <summary>Longest message that is looked at; senders stop at 9 KiB of user event.</summary>
    public const int MessageBytesMax = 16 * 1024;

    private static readonly TimeSpan s_queueCheckInterval = TimeSpan.FromSeconds(30);

    private readonly SerfContext _context;
    private readonly SnapshotKeeper? _snapshot;
    private readonly EventReporter _reporter;
    private readonly StateExchange _exchange;
    private readonly Admission _admission;
    private bool _isConflictOpen;

    public SerfCore(SerfContext context, SerfSnapshot? remembered)
    {
        _context = context;
        if (context.Config.KeepSnapshot) _snapshot = new SnapshotKeeper(context, remembered);
        _reporter = new EventReporter(context, _snapshot);
        Broadcasts = new SerfBroadcasts(context);
        Coordinates = new CoordinateKeeper(context, context.Random.Split("coordinates"));
        Members = new MemberBook(context, Broadcasts, _reporter, Coordinates);
        Events = new UserEvents(context, Broadcasts, _reporter);
        Answers = new Answers(context, Members);
        Queries = new Queries(context, _reporter, Members, Answers) { Internal = new InternalQueries(context, Members, Answers) };
        OwnQueries = new OwnQueries(context, Broadcasts, Queries);
        Joins = new Joins(context, Members);
        Departure = new Departure(context, Members, Broadcasts, _snapshot);
        _exchange = new StateExchange(context, Members, Events, Joins);
        _admission = new Admission(context);
        Remember(remembered);
    }

    public SerfBroadcasts Broadcasts { get; }

    public CoordinateKeeper Coordinates { get; }

    public MemberBook Members { get; }

    public UserEvents Events { get; }

    public Queries Queries { get; }

    public OwnQueries OwnQueries { get; }

    public Joins Joins { get; }

    public Departure Departure { get; }

    /// <summary>When <see cref="Tick"/> wants to be called at the latest.</summary>
    public Instant NextWake => _context.Timers.Next;

    ReadOnlyMemory<byte> ISwimOwner.Meta => _context.Meta;

    bool ISwimOwner.HasBroadcasts => Broadcasts.Any;

    ReadOnlySpan<byte> ISwimOwner.AckPayload => Coordinates.Payload;

    private Answers Answers { get; }

    /// <summary>Begins, after membership has begun: the timers run, and members of an earlier life are looked for.</summary>
    public void Start(SerfSnapshot? remembered)
    {
        _snapshot?.Start(Members);
        _context.Timers.Set(_context.Now + _context.Config.ReapInterval, SerfTimerKind.Reap);
        _context.Timers.Set(_context.Now + _context.Config.ReconnectInterval, SerfTimerKind.Reconnect);
        _context.Timers.Set(_context.Now + s_queueCheckInterval, SerfTimerKind.QueueCheck);
        if (remembered is not null) Joins.Rejoin(remembered.Alive);
    }

    /// <summary>Carries out what is due.</summary>
    public void Tick()
    {
        while (_context.Timers.TryPopDue(_context.Now, out var timer)) OnDue(timer);
    }

    /// <summary>End of each input.</summary>
    public void AfterInput()
    {
        Departure.OnTurn();
        _snapshot?.OnTurn();
        Members.ForgetBelow();
    }

    /// <summary>Has everybody carry out an operation on their keys.</summary>
    public void ManageKeys(long request, KeyOperation operation, ReadOnlySpan<byte> key, byte relayFactor)
    {
        _context.Buffer.Clear();
        GossipCodec.Encode(_context.Buffer, new KeyRequest { Key = key.IsEmpty ? default : new GossipBytes(key) });
        var query = new GossipQuery(InternalQueries.NameOf(operation), _context.Buffer.ToArray()) { RelayFactor = relayFactor };
        if (!OwnQueries.TryStart(query, new KeyQuery(_context, request), out string error)) _context.Outbox.Complete(new GossipCompletion(request, error));
    }

    public bool TryStartQuery(long number, GossipQuery what, out string error)
    {
        if (!what.Name.StartsWith(Queries.InternalPrefix, StringComparison.Ordinal)) return OwnQueries.TryStart(what, new ApplicationQuery(_context, _reporter, number), out error);
        error = $"Queries cannot contain the '{Queries.InternalPrefix}' prefix";
        return false;
    }

    public void OnSnapshotFailed(string error) => _snapshot?.OnFailed(error);

    /// <summary>The process ends without leaving.</summary>
    public void OnStop() => _snapshot?.OnStop();

    string? ISwimOwner.Refuse(string name, GossipEndpoint endpoint, ReadOnlySpan<byte> meta, ReadOnlySpan<byte> versions) => _admission.Refuse(name, endpoint, meta, versions);

    string? ISwimOwner.RefuseMerge(in PushPull state) => _admission.RefuseMerge(state);

    SwimNode ISwimOwner.NodeFor(NodeName name) => Members.RecordFor(name);

    void ISwimOwner.OnJoined(SwimNode node) => Members.OnJoined(node);

    void ISwimOwner.OnUpdated(SwimNode node) => Members.OnUpdated(node);

    void ISwimOwner.OnGone(SwimNode node) => Members.OnGone(node);

    void ISwimOwner.OnConflict(SwimNode known, GossipEndpoint other, ReadOnlySpan<byte> meta)
    {
        if (known.Name != _context.Config.Name)
        {
            _context.LogOfOthers(GossipLogLevel.Warning, $"Name conflict for '{known.Name}' both {known.Endpoint} and {other} are claiming");
            return;
        }
        bool resolves = _context.Config.ResolveNameConflicts;
        _context.LogOfOthers(GossipLogLevel.Error, $"Node name conflicts with another node at {other}. Names must be unique! (Resolution enabled: {(resolves ? "true" : "false")})");
        if (!resolves || _isConflictOpen) return;
        var query = new GossipQuery(InternalQueries.Conflict, _context.Self.Utf8);
        _isConflictOpen = OwnQueries.TryStart(query, new ConflictQuery(_context, () => _isConflictOpen = false), out string error);
        if (!_isConflictOpen) _context.Log(GossipLogLevel.Error, $"Failed to start name resolution query: {error}");
    }

    void ISwimOwner.OnUserMessage(GossipEndpoint from, ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty || message.Length > MessageBytesMax)
        {
            _context.MessagesDropped++;
            return;
        }
        try
        {
            Dispatch(message);
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            _context.MessagesDropped++;
            _context.LogOfOthers(GossipLogLevel.Debug, $"A message of kind {message[0]} from {from} cannot be read: {malformed.Message}");
        }
    }

    void ISwimOwner.FillBroadcasts(CompoundWriter packet, int transmitLimit) => Broadcasts.Fill(packet, transmitLimit);

    void ISwimOwner.WriteState(IBufferWriter<byte> output, bool isJoin) => _exchange.Write(output);

    void ISwimOwner.MergeState(ReadOnlySpan<byte> state, bool isJoin)
    {
        try
        {
            _exchange.Merge(state, isJoin);
        }
        catch (Exception malformed) when (malformed is MsgPackException or GossipFormatException)
        {
            _context.MessagesDropped++;
            _context.LogOfOthers(GossipLogLevel.Error, $"Failed to decode remote state: {malformed.Message}");
        }
    }

    void ISwimOwner.OnProbed(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload) => Coordinates.OnProbed(node, roundTrip, payload);

    void ISwimOwner.OnExchanged(long ticket, string? error) => Joins.OnExchanged(ticket, error);

    void ISwimOwner.OnLeaveSent() => Departure.OnLeaveSent();

    public void Dispose()
    {
        _snapshot?.Dispose();
        Coordinates.Dispose();
        _context.Dispose();
    }

    private void Dispatch(ReadOnlySpan<byte> message)
    {
        var body = message[1..];
        switch ((SerfMessageType)message[0])
        {
            case SerfMessageType.Leave:
                var leave = GossipCodec.Decode<LeaveIntent>(body);
                if (Members.OnLeaveIntent(leave.Node, leave.LTime, leave.Prune)) Broadcasts.PassOnIntent(message);
                return;
            case SerfMessageType.Join:
                var join = GossipCodec.Decode<JoinIntent>(body);
                if (Members.OnJoinIntent(join.Node, join.LTime)) Broadcasts.PassOnIntent(message);
                return;
            case SerfMessageType.UserEvent:
                var told = GossipCodec.Decode<UserEvent>(body);
                if (Events.OnEvent(told.LTime, told.Name, told.Payload.Span, told.Coalesce)) Broadcasts.PassOn(Broadcasts.Events, message);
                return;
            case SerfMessageType.Query:
                if (Queries.OnQuery(GossipCodec.Decode<Query>(body))) Broadcasts.PassOn(Broadcasts.Queries, message);
                return;
            case SerfMessageType.QueryResponse: OwnQueries.OnResponse(GossipCodec.Decode<QueryResponse>(body)); return;
            case SerfMessageType.Relay: Answers.Relay(body); return;
            default:
                _context.MessagesDropped++;
                _context.LogOfOthers(GossipLogLevel.Warning, $"Received message of unknown type: {message[0]}");
                return;
        }
    }

    private void OnDue(SerfTimer timer)
    {
        switch (timer.Kind)
        {
            case SerfTimerKind.Reap:
                Members.Reap();
                Again(timer, _context.Config.ReapInterval);
                return;
            case SerfTimerKind.Reconnect:
                Joins.Reconnect();
                Again(timer, _context.Config.ReconnectInterval);
                return;
            case SerfTimerKind.QueueCheck:
                Broadcasts.Check(Members.Count);
                Again(timer, s_queueCheckInterval);
                return;
            case SerfTimerKind.AnswerDeadline: Queries.OnDeadline(timer.Number); return;
            case SerfTimerKind.QueryDeadline: OwnQueries.OnDeadline(unchecked((ulong)timer.Number)); return;
            case SerfTimerKind.LeaveIntentDeadline: Departure.OnIntentDeadline(); return;
            case SerfTimerKind.LeaveLingerEnd: Departure.OnLingerEnd(); return;
            case SerfTimerKind.SnapshotFlush: _snapshot?.OnFlushDue(); return;
            case SerfTimerKind.MemberEvents: _reporter.FlushMembers(); return;
            default: _reporter.FlushUsers(); return;
        }
    }

    private void Again(SerfTimer timer, TimeSpan interval) => _context.Timers.Set(_context.Now + interval, timer.Kind);

    // Events and queries of the last life are not told again; the clocks go on where they were.
    private void Remember(SerfSnapshot? remembered)
    {
        if (remembered is null) return;
        Events.Ring.TimeMin = Next(remembered.EventClock);
        Queries.Ring.TimeMin = Next(remembered.QueryClock);
        _context.MemberClock.Witness(remembered.Clock);
        _context.EventClock.Witness(remembered.EventClock);
        _context.QueryClock.Witness(remembered.QueryClock);
    }

    // A time in a file that no clock can have is none.
    private static ulong Next(ulong time) => time < LamportClock.OpenRangeEnd ? time + 1 : 0;
}
