using System.Buffers;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

public sealed class SessionTests
{
    private readonly StateFixture _state = new();

    [Fact]
    public void The_index_is_that_of_all_sessions()
    {
        _state.Node("n");
        var one = _state.Session("n");
        var two = _state.Session("n");
        Assert.Equal(_state.Index, _state.Root.SessionGet(one, null, out var session));
        Assert.Equal(("release", _state.Index - 1), (session!.Behavior, session.CreateIndex));
        _state.Destroy(two);
        Assert.Equal(_state.Index, _state.Root.SessionGet(one, null, out _));
        var sessions = new List<Session>();
        Assert.Equal(_state.Index, _state.Root.SessionList(null, sessions));
        Assert.Equal(one, Assert.Single(sessions).Id);
        sessions.Clear();
        Assert.Equal(_state.Index, _state.Root.NodeSessions("nobody", null, sessions));
        Assert.Empty(sessions);
        _state.Root.NodeSessions("N", null, sessions);
        Assert.Single(sessions);
    }

    [Fact]
    public void What_a_session_needs_must_be_there()
    {
        const string id = "00000000-0000-4000-8000-00000000000a";
        Assert.Equal("Missing session ID", _state.Create(new Session { Node = "n" }).Text);
        Assert.Equal("Invalid session behavior: explode", _state.Create(new Session { Id = id, Node = "n", Behavior = "explode" }).Text);
        Assert.Equal("Missing node registration", _state.Create(new Session { Id = id, Node = "n" }).Text);
        _state.Check("n", "bad", HealthStatus.Critical);
        Assert.Equal("Missing check 'none' registration", _state.Create(new Session { Id = id, Node = "n", Checks = ["none"] }).Text);
        Assert.Equal("Missing check 'none' registration", _state.Create(new Session { Id = id, Node = "n", ServiceChecks = [new("none", "")] }).Text);
        Assert.Equal("Check 'bad' is in critical state", _state.Create(new Session { Id = id, Node = "n", NodeChecks = ["bad"] }).Text);
        Assert.StartsWith("failed session lookup: ", _state.Destroy("abc").Text);
        Assert.Equal(ApplyResultKind.None, _state.Destroy(id).Kind);
        Assert.Empty(_state.Applier.TakeCreatedSessions());
    }

    [Fact]
    public void A_critical_check_ends_the_sessions_bound_to_it_within_the_same_command()
    {
        _state.Node("n");
        _state.Check("n", "c", HealthStatus.Passing);
        var bound = _state.Session("n", lockDelay: 5, checks: ["c"]);
        var free = _state.Session("n");
        Assert.Equal([bound, free], _state.Applier.TakeCreatedSessions().Select(session => session.Id));
        _state.Kv(KvOps.Lock, "k", "1", session: bound);
        _state.Check("n", "c", HealthStatus.Warning);
        _state.Root.SessionGet(bound, null, out var session);
        Assert.NotNull(session);
        _state.Check("n", "c", HealthStatus.Critical);
        Assert.Equal(_state.Index, _state.Root.SessionGet(bound, null, out session));
        Assert.Null(session);
        Assert.Equal(_state.Index, _state.Get("k", out var entry));
        Assert.Equal("", entry!.Session);
        var ended = Assert.Single(_state.Applier.TakeEndedSessions());
        Assert.Equal((bound, 5L, 1), (ended.Session.Id, ended.Session.LockDelayNanoseconds, ended.Keys.Count));
    }

    [Fact]
    public void Removing_a_check_or_its_service_ends_the_sessions_bound_to_it()
    {
        _state.Service("n", "web", "web", "s");
        _state.Check("n", "c", HealthStatus.Passing);
        var one = _state.Session("n", checks: ["c"]);
        var two = _state.Create(new Session { Id = "00000000-0000-4000-8000-0000000000ff", Node = "n", ServiceChecks = [new("s", "")] }).Text;
        _state.Deregister("n", check: "c");
        Assert.Equal([one], _state.Applier.TakeEndedSessions().Select(ended => ended.Session.Id));
        _state.Deregister("n", service: "web");
        Assert.Equal([two], _state.Applier.TakeEndedSessions().Select(ended => ended.Session.Id));
    }

    [Fact]
    public void Sessions_that_a_refused_command_would_have_ended_live_on()
    {
        _state.Check("n", "c", HealthStatus.Passing);
        var id = _state.Session("n", checks: ["c"]);
        _state.Kv(KvOps.Lock, "k", "1", session: id);
        _state.Applier.TakeEndedSessions();
        var result = _state.Txn(
            new TxnOp { Check = new TxnCheckOp("set", new HealthCheck { Node = "n", CheckId = "c", Status = HealthStatus.Critical }) },
            new TxnOp { Kv = new TxnKvOp(KvOps.Get, new KvEntry { Key = "none"u8.ToArray() }) });
        Assert.Equal([new TxnError(1, "key \"none\" doesn't exist")], result.Errors);
        _state.Root.SessionGet(id, null, out var session);
        Assert.NotNull(session);
        Assert.Empty(_state.Applier.TakeEndedSessions());
        _state.Get("k", out var entry);
        Assert.Equal(id, entry!.Session);
    }

    [Fact]
    public void A_prepared_query_goes_with_its_session()
    {
        _state.Node("n");
        var id = _state.Session("n");
        var query = new MsgPackMap { Fields = [new("ID", Text("q")), new("Session", Text(id)), new("Name", Text("name"))] };
        var body = new MsgPackMap { Fields = [new("Op", Text("create")), new("Query", query)] };
        var writer = new ArrayBufferWriter<byte>();
        writer.Write([(byte)CommandType.PreparedQuery]);
        var pack = new Core.Codec.MsgPackWriter(writer);
        Core.Codec.MsgPackTree.Write(ref pack, body);
        pack.Flush();
        Assert.Equal(ApplyResultKind.None, _state.Applier.Apply(new Core.LogIndex(_state.Index + 1), writer.WrittenMemory.ToArray()).Kind);
        _state.Publish();
        Assert.Equal(1, _state.Root.Tables.Records.Count);
        _state.Skip();
        _state.Destroy(id);
        Assert.Equal(0, _state.Root.Tables.Records.Count);
    }

    private static ReadOnlyMemory<byte> Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
