using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;

namespace Conclave.Tests;

public sealed class SessionDutyTests
{
    [Fact]
    public void A_session_that_is_not_renewed_ends_after_two_ttls()
    {
        var node = new TestNode().Lead();
        string session = node.CreateSession(ttl: "10s");

        node.Pass(TimeSpan.FromSeconds(19.9));
        Assert.True(node.SessionExists(session));
        Assert.True(node.Node.NextWake <= node.Now + TimeSpan.FromSeconds(0.2));

        node.Pass(TimeSpan.FromSeconds(0.2));
        Assert.False(node.SessionExists(session));
    }

    [Fact]
    public void A_renewal_gives_the_full_time_again()
    {
        var node = new TestNode().Lead();
        string session = node.CreateSession(ttl: "10s");

        for (int i = 0; i < 5; i++)
        {
            node.Pass(TimeSpan.FromSeconds(19));
            var renewal = TestRequest.Renew(session);
            node.Turn(renewal);
            Assert.Equal(session, renewal.Session!.Id);
        }

        node.Pass(TimeSpan.FromSeconds(19.9));
        Assert.True(node.SessionExists(session));
        node.Pass(TimeSpan.FromSeconds(0.2));
        Assert.False(node.SessionExists(session));
    }

    [Fact]
    public void An_unknown_session_is_not_renewed()
    {
        var node = new TestNode().Lead();
        var renewal = TestRequest.Renew("11111111-2222-3333-4444-555555555555");

        node.Turn(renewal);

        Assert.Equal((1, ""), (renewal.Completions, renewal.ErrorText));
        Assert.Null(renewal.Session);
    }

    [Fact]
    public void A_session_without_ttl_does_not_end_by_itself()
    {
        var node = new TestNode().Lead();
        string session = node.CreateSession();

        node.Pass(TimeSpan.FromDays(2));

        Assert.True(node.SessionExists(session));
    }

    [Fact]
    public void A_restarted_leader_gives_each_session_its_full_time()
    {
        var node = new TestNode().Lead();
        string session = node.CreateSession(ttl: "10s");
        node.Pass(TimeSpan.FromSeconds(19));
        node.Disk.Restart();

        var again = new TestNode(node.Disk, seed: 2).Lead();
        again.Pass(TimeSpan.FromSeconds(19));
        Assert.True(again.SessionExists(session));
        again.Pass(TimeSpan.FromSeconds(1.5));
        Assert.False(again.SessionExists(session));
    }

    [Fact]
    public void The_keys_of_an_ended_session_are_released_or_deleted_as_it_said()
    {
        var node = new TestNode().Lead();
        string releasing = node.CreateSession(ttl: "10s"), deleting = node.CreateSession(ttl: "10s", behavior: "delete");
        Assert.True(node.Lock("kept", releasing).Flag);
        Assert.True(node.Lock("gone", deleting).Flag);

        node.Pass(TimeSpan.FromSeconds(21));

        Assert.Equal("x", node.Get("kept"));
        Assert.Null(node.Get("gone"));
        node.Root.KvGet("kept"u8, null, out var entry);
        Assert.Equal("", entry!.Session);
    }

    [Fact]
    public void Nobody_locks_a_key_within_the_lock_delay_of_its_last_holder()
    {
        var node = new TestNode().Lead();
        string first = node.CreateSession(lockDelaySeconds: 15), second = node.CreateSession();
        Assert.True(node.Lock("a", first).Flag);
        node.DestroySession(first);
        ulong before = node.Root.LastIndex;

        Assert.Equal((ApplyResultKind.Bool, false), (node.Lock("a", second).Kind, node.Lock("a", second).Flag));
        Assert.Equal(before, node.Root.LastIndex);
        Assert.True(node.Lock("b", second).Flag);

        node.Pass(TimeSpan.FromSeconds(14.9));
        Assert.False(node.Lock("a", second).Flag);
        node.Pass(TimeSpan.FromSeconds(0.2));
        Assert.True(node.Lock("a", second).Flag);
    }

    [Fact]
    public void The_lock_delay_is_cut_at_a_minute()
    {
        var node = new TestNode().Lead();
        string first = node.CreateSession(lockDelaySeconds: 3600), second = node.CreateSession();
        node.Lock("a", first);
        node.DestroySession(first);

        node.Pass(TimeSpan.FromSeconds(59));
        Assert.False(node.Lock("a", second).Flag);
        node.Pass(TimeSpan.FromSeconds(1.1));
        Assert.True(node.Lock("a", second).Flag);
    }

    [Fact]
    public void An_orderly_release_has_no_lock_delay()
    {
        var node = new TestNode().Lead();
        string first = node.CreateSession(lockDelaySeconds: 15), second = node.CreateSession(lockDelaySeconds: 15);
        Assert.True(node.Lock("a", first).Flag);
        Assert.True(node.Run(TestNode.Kv(KvOps.Unlock, "a", "y", first)).Flag);

        Assert.True(node.Lock("a", second).Flag);
    }

    [Fact]
    public void A_transaction_with_a_delayed_lock_fails_without_being_logged()
    {
        var node = new TestNode().Lead();
        string first = node.CreateSession(lockDelaySeconds: 15), second = node.CreateSession();
        node.Lock("a", first);
        node.DestroySession(first);
        ulong before = node.Root.LastIndex;
        var operation = new TxnOp { Kv = new TxnKvOp(KvOps.Lock, new KvEntry { Key = "a"u8.ToArray(), Session = second }) };

        var result = node.Run(CommandCodec.Encode(new TxnRequest { Ops = [operation] }));

        Assert.Equal(ApplyResultKind.Txn, result.Kind);
        Assert.Equal("failed to lock key \"a\" due to lock delay", Assert.Single(result.Txn!.Errors).What);
        Assert.Equal(before, node.Root.LastIndex);
    }

    [Theory]
    [InlineData("9s", "", "Invalid Session TTL '9000000000', must be between [10s=24h0m0s]")]
    [InlineData("25h", "", "Invalid Session TTL '90000000000000', must be between [10s=24h0m0s]")]
    [InlineData("soon", "", "Session TTL 'soon' invalid: time: invalid duration \"soon\"")]
    [InlineData("", "explode", "Invalid Behavior setting 'explode'")]
    public void A_session_with_wrong_settings_is_refused(string ttl, string behavior, string text)
    {
        var node = new TestNode().Lead();
        var session = new Session { Node = TestNode.Name, Ttl = ttl, Behavior = behavior };

        var result = node.Run(CommandCodec.Encode(new SessionRequest { Op = "create", Session = session }));

        Assert.Equal((ApplyResultKind.Error, text), (result.Kind, result.Text));
    }

    [Fact]
    public void The_id_of_a_session_is_the_leaders_choice()
    {
        var node = new TestNode().Lead();
        var session = new Session { Id = "11111111-2222-3333-4444-555555555555", Node = TestNode.Name };

        var result = node.Run(CommandCodec.Encode(new SessionRequest { Op = "create", Session = session }));

        Assert.NotEqual(session.Id, result.Text);
        Assert.True(Guid.TryParseExact(result.Text, "D", out _));
        node.Root.SessionGet(result.Text, null, out var stored);
        Assert.Equal("release", stored!.Behavior);
    }
}
