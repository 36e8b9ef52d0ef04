using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Node.Forwarding;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Two servers over real sockets, the nodes behind them faked.</summary>
public sealed class ForwardingTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly FakeServer _leader, _follower;

    public ForwardingTests()
    {
        _leader = new FakeServer(_cluster, "leader");
        _follower = new FakeServer(_cluster, "follower");
        _leader.Local.Believe(_leader.AsLeader(isItself: true));
        _follower.Local.Believe(_leader.AsLeader(isItself: false));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _leader.DisposeAsync();
        await _follower.DisposeAsync();
    }

    [Fact]
    public async Task Writes_at_a_follower_are_carried_out_once_at_the_leader_with_their_outcome()
    {
        Assert.Equal(ApplyResultKind.None, (await _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop)).Kind);
        Assert.True((await _follower.Gateway.ApplyAsync(Kv(KvOps.Cas, "b"), Stop)).Flag);
        var refused = await _follower.Gateway.ApplyAsync(Kv(KvOps.Cas, "b"), Stop);
        Assert.Equal((ApplyResultKind.Bool, false), (refused.Kind, refused.Flag));
        Assert.Equal((3, 0), (_leader.Local.Applied, _follower.Local.Applied));
        Assert.Equal(1, _leader.Connections);
    }

    [Fact]
    public async Task Sessions_registrations_and_transactions_come_through_with_their_results()
    {
        var registered = await _follower.Gateway.ApplyAsync(CommandCodec.Encode(new RegisterRequest { Datacenter = "dc1", Node = "n", Address = "10.0.0.1" }), Stop);
        Assert.Equal(ApplyResultKind.None, registered.Kind);
        string id = "00000000-0000-4000-8000-00000000000a";
        var created = await _follower.Gateway.ApplyAsync(CommandCodec.Encode(new SessionRequest { Op = "create", Session = new Session { Id = id, Node = "n" } }), Stop);
        Assert.Equal(id, created.Text);
        Assert.Equal(id, (await _follower.Gateway.RenewSessionAsync(id, Stop))!.Id);
        Assert.Null(await _follower.Gateway.RenewSessionAsync(id.Replace('a', 'b'), Stop));

        var entry = new KvEntry { Key = "t"u8.ToArray(), Value = "v"u8.ToArray(), HasValue = true };
        var txn = new TxnRequest { Ops = [new TxnOp { Kv = new(KvOps.Set, entry) }, new TxnOp { Kv = new(KvOps.Get, entry) }] };
        var done = (await _follower.Gateway.ApplyAsync(CommandCodec.Encode(txn), Stop)).Txn!;
        Assert.Empty(done.Errors);
        Assert.False(done.Results[0].Kv!.HasValue);
        Assert.Equal("v"u8, done.Results[1].Kv!.Value.Span);
        var failing = new TxnRequest { Ops = [new TxnOp { Kv = new(KvOps.CheckIndex, new KvEntry { Key = "t"u8.ToArray(), ModifyIndex = 1 }) }] };
        var failed = (await _follower.Gateway.ApplyAsync(CommandCodec.Encode(failing), Stop)).Txn!;
        Assert.Contains("failed index check", Assert.Single(failed.Errors).What);
    }

    [Fact]
    public async Task Errors_of_the_leader_come_in_its_own_words()
    {
        _leader.Local.Refusal = () => "raft apply failed: invalid session \"x\"";
        var result = await _follower.Gateway.ApplyAsync(Kv(KvOps.Lock, "a"), Stop);
        Assert.Equal("raft apply failed: invalid session \"x\"", result.Text);
    }

    [Fact]
    public async Task A_request_waits_for_a_leader_and_goes_to_it_once_it_is_known()
    {
        _follower.Local.Believe(new ClusterStatus(IsLeader: false, "", "", 3, []));
        var writing = _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop).AsTask();
        var reading = _follower.Gateway.ReadAsync(ReadMode.Default, Stop).AsTask();
        Assert.False(writing.IsCompleted || reading.IsCompleted);
        _follower.Local.Believe(_leader.AsLeader(isItself: false));
        Assert.Equal(ApplyResultKind.None, (await writing).Kind);
        _follower.Local.CatchUp();
        Assert.NotNull((await reading).Root);
    }

    [Fact]
    public async Task A_read_that_comes_while_others_look_for_a_leader_in_vain_holds_out_no_longer_than_they()
    {
        await using var lost = new FakeServer(_cluster, "lost", new ForwardLimits { HoldTime = TimeSpan.FromSeconds(1) });
        lost.Local.Believe(new ClusterStatus(IsLeader: false, "", "", 3, []));
        var first = lost.Gateway.ReadAsync(ReadMode.Default, Stop).AsTask();
        var second = lost.Gateway.ReadAsync(ReadMode.Default, Stop).AsTask();
        var third = lost.Gateway.ReadAsync(ReadMode.Default, Stop).AsTask();
        Assert.Equal(ErrorTexts.NoLeader, (await first).Error);
        // One that begins now has the whole time before it.
        var later = lost.Gateway.ReadAsync(ReadMode.Default, Stop).AsTask();
        foreach (var read in (Task<ReadGrant>[])[second, third])
        {
            Assert.NotSame(later, await Task.WhenAny(read, later));
            Assert.Equal(ErrorTexts.NoLeader, (await read).Error);
        }
        Assert.Equal(ErrorTexts.NoLeader, (await later).Error);
    }

    [Fact]
    public async Task A_read_ends_when_its_server_takes_no_more_requests()
    {
        await using var lost = new FakeServer(_cluster, "lost", new ForwardLimits { HoldTime = TimeSpan.FromHours(1) });
        lost.Local.Believe(new ClusterStatus(IsLeader: false, "", "", 3, []));
        var reading = lost.Gateway.ReadAsync(ReadMode.Default, Stop).AsTask();
        Assert.False(reading.IsCompleted);
        await lost.DisposeAsync();
        Assert.NotNull((await reading).Error);
    }

    [Fact]
    public async Task A_leader_that_says_it_leads_no_more_is_asked_again_until_it_does()
    {
        int refusals = 3;
        _leader.Local.Refusal = () => refusals-- > 0 ? ErrorTexts.NoLeader : null;
        Assert.Equal(ApplyResultKind.None, (await _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop)).Kind);
        Assert.Equal(1, _leader.Local.Applied);
    }

    [Fact]
    public async Task A_server_that_was_wrongly_taken_for_the_leader_does_not_send_on()
    {
        await using var third = new FakeServer(_cluster, "third", new ForwardLimits { HoldTime = TimeSpan.FromMilliseconds(300) });
        third.Local.Believe(_follower.AsLeader(isItself: false));
        var result = await third.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop);
        Assert.Equal(ErrorTexts.NoLeader, result.Text);
        Assert.Equal((0, 0), (_leader.Local.Applied, _follower.Local.Applied));
    }

    [Fact]
    public async Task A_write_whose_answer_got_lost_fails_and_is_not_repeated()
    {
        var held = new TaskCompletionSource();
        _leader.Local.Delay = held.Task;
        var writing = _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop).AsTask();
        while (_leader.Connections == 0) await Task.Yield();
        await _follower.Gateway.ReadAsync(ReadMode.Stale, Stop);
        await Task.WhenAny(writing, Task.Delay(100, Stop));             // lets the call reach the leader; were it later, it would be repeated rightly
        _leader.BreakConnections();
        var result = await writing;
        Assert.StartsWith("rpc error making call: ", result.Text);
        held.SetResult();
        _leader.Local.Delay = Task.CompletedTask;
        Assert.Equal(ApplyResultKind.None, (await _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop)).Kind);
    }

    [Fact]
    public async Task A_write_at_a_leader_that_was_replaced_is_given_up_soon()
    {
        _leader.Local.Delay = new TaskCompletionSource().Task;
        var writing = _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop).AsTask();
        while (_leader.Connections == 0) await Task.Yield();
        _follower.Local.Believe(_follower.AsLeader(isItself: true));
        var result = await writing;
        Assert.True(result.Kind == ApplyResultKind.None || result.Text.StartsWith("rpc error making call: ", StringComparison.Ordinal), result.Text);
        _leader.Local.Delay = Task.CompletedTask;
    }

    [Fact]
    public async Task A_read_at_a_follower_waits_until_it_has_applied_what_the_leader_has()
    {
        await _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop);
        Assert.Equal(0UL, _follower.Gateway.Root.LastIndex);
        var reading = _follower.Gateway.ReadAsync(ReadMode.Consistent, Stop).AsTask();
        var shared = _follower.Gateway.ReadAsync(ReadMode.Consistent, Stop).AsTask();
        await Task.WhenAny(reading, Task.Delay(50, Stop));
        Assert.False(reading.IsCompleted);
        _follower.Local.CatchUp();
        Assert.Equal(_cluster.Root.LastIndex, (await reading).Root!.LastIndex);
        Assert.Equal(_cluster.Root.LastIndex, (await shared).Root!.LastIndex);
    }

    [Fact]
    public async Task A_stale_read_sees_what_was_written_through_its_server()
    {
        await _leader.Gateway.ApplyAsync(Kv(KvOps.Set, "elsewhere"), Stop);
        Assert.True(_follower.Gateway.ReadAsync(ReadMode.Stale, Stop).IsCompletedSuccessfully);

        await _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "here"), Stop);
        var reading = _follower.Gateway.ReadAsync(ReadMode.Stale, Stop).AsTask();
        _follower.Local.CatchUp();
        Assert.Equal(_cluster.Root.LastIndex, (await reading).Root!.LastIndex);
        Assert.True(_follower.Gateway.ReadAsync(ReadMode.Stale, Stop).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_stale_read_waits_once_and_not_for_ever_for_what_does_not_come()
    {
        await _follower.Gateway.ApplyAsync(Kv(KvOps.Set, "a"), Stop);
        Assert.Equal(0UL, (await _follower.Gateway.ReadAsync(ReadMode.Stale, Stop)).Root!.LastIndex);
        Assert.True(_follower.Gateway.ReadAsync(ReadMode.Stale, Stop).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Many_requests_at_a_time_share_a_connection()
    {
        var writes = new List<Task<ApplyResult>>();
        for (int i = 0; i < 500; i++) writes.Add(_follower.Gateway.ApplyAsync(Kv(KvOps.Set, $"k{i}"), Stop).AsTask());
        foreach (var write in writes) Assert.Equal(ApplyResultKind.None, (await write).Kind);
        Assert.Equal((500, 1), (_leader.Local.Applied, _leader.Connections));
    }

    private static byte[] Kv(string op, string key) =>
        CommandCodec.EncodeKv(op, Encoding.UTF8.GetBytes(key), new("v"u8.ToArray()), hasValue: true, 0, "", 0);
}
