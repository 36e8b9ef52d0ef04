using System.Text;
using Conclave.Core.Model;

namespace Conclave.Tests.State;

/// <summary>Transactions, worded as recorded.</summary>
public sealed class TxnTests
{
    private readonly StateFixture _state = new();

    [Fact]
    public void All_operations_share_one_index_and_only_reads_show_values()
    {
        var result = _state.Txn(Kv(KvOps.Set, "a", "1"), Kv(KvOps.Set, "b", "2"), Kv(KvOps.Get, "a"), Kv(KvOps.GetTree, ""), Kv(KvOps.Delete, "b"));
        Assert.Equal([true, true, false, false, false], result.Results.Select(each => each.KvWithoutValue));
        Assert.All(result.Results, each => Assert.Equal(_state.Index, each.Kv!.ModifyIndex));
        _state.List("", out var entries);
        Assert.Single(entries);
    }

    [Fact]
    public void Every_failing_operation_is_reported_and_nothing_is_applied()
    {
        _state.Kv(KvOps.Set, "old", "1");
        var digest = _state.Root.Digest;
        var result = _state.Txn(Kv(KvOps.Set, "a", "1"), Kv(KvOps.Get, "none"), Kv(KvOps.Cas, "a2", "1", index: 7), Kv(KvOps.CheckNotExists, "a"), Kv(KvOps.DeleteTree, ""), Kv(KvOps.Set, "b", "1"));
        Assert.Equal(
            [new TxnError(1, "key \"none\" doesn't exist"), new TxnError(2, "failed to set key \"a2\", index is stale"), new TxnError(3, "key \"a\" exists")],
            result.Errors);
        Assert.Empty(result.Results);
        Assert.Equal(digest, _state.Root.Digest);
        Assert.Equal(_state.Index - 1, _state.Get("a", out var entry));
        Assert.Null(entry);
        Assert.Equal(0UL, _state.Applier.TakeNewestTombstone());
    }

    [Fact]
    public void Checks_compare_index_and_session()
    {
        _state.Node("n");
        var id = _state.Session("n");
        _state.Kv(KvOps.Set, "a", "1");
        var index = _state.Index;
        Assert.Equal($"failed index check for key \"a\", current modify index {index} != 1", Error(Kv(KvOps.CheckIndex, "a", index: 1)));
        Assert.Equal("failed to check index, key \"none\" doesn't exist", Error(Kv(KvOps.CheckIndex, "none", index: 1)));
        Assert.Empty(_state.Txn(Kv(KvOps.CheckIndex, "a", index: index)).Errors);
        Assert.Equal("failed to check session, key \"none\" doesn't exist", Error(Kv(KvOps.CheckSession, "none", session: "x")));
        Assert.Equal($"failed session check for key \"a\", current session \"\" != \"{id}\"", Error(Kv(KvOps.CheckSession, "a", session: id)));
        Assert.Equal("failed to delete key \"a\", index is stale", Error(Kv(KvOps.DeleteCas, "a", index: 1)));
        Assert.Equal("missing session", Error(Kv(KvOps.Lock, "a")));
        Assert.Equal("invalid session \"11111111-2222-3333-4444-555555555555\"", Error(Kv(KvOps.Lock, "a", session: "11111111-2222-3333-4444-555555555555")));
        Assert.Equal("failed to unlock key \"a\", lock isn't held, or is held by another session", Error(Kv(KvOps.Unlock, "a", session: id)));
        Assert.Empty(_state.Txn(Kv(KvOps.Lock, "a", "1", session: id)).Errors);
        Assert.Equal("failed to lock key \"a\", lock is already held", Error(Kv(KvOps.Lock, "a", session: _state.Session("n"))));
        Assert.Equal("unknown KV verb \"frob\"", Error(Kv("frob", "a")));
        Assert.Equal("no operation specified", Error(new TxnOp()));
    }

    [Fact]
    public void Nodes_services_and_checks_have_the_same_verbs()
    {
        var node = new NodeEntry { Name = "n", Address = "10.1.2.3" };
        var service = new NodeService { Id = "s1", Service = "web", Port = 81, Tags = ["x"] };
        var check = new HealthCheck { Node = "n", CheckId = "c", Name = "c", Status = HealthStatus.Passing };
        var made = _state.Txn(Node("set", node), Service("set", "n", service), Check("set", check), Service("get", "n", service));
        Assert.Empty(made.Errors);
        Assert.Equal((_state.Index, _state.Index, _state.Index), (made.Results[0].Node!.CreateIndex, made.Results[1].Service!.ModifyIndex, made.Results[2].Check!.ModifyIndex));
        Assert.Equal(ServiceWeights.Default, made.Results[3].Service!.Weights);

        Assert.Equal("failed to set node \"n\", index is stale", Error(Node("cas", node with { ModifyIndex = 1 })));
        Assert.Equal("failed to set service \"s1\" on node \"n\", index is stale", Error(Service("cas", "n", service with { ModifyIndex = 1 })));
        Assert.Equal("failed to set check \"c\" on node \"n\", index is stale", Error(Check("cas", check with { ModifyIndex = 1 })));
        Assert.Equal("failed to delete node \"n\", index is stale", Error(Node("delete-cas", node)));
        Assert.Equal("failed to delete service \"s1\" on node \"n\", index is stale", Error(Service("delete-cas", "n", service)));
        Assert.Equal("failed to delete check \"c\" on node \"n\", index is stale", Error(Check("delete-cas", check)));
        Assert.Equal("Missing node registration", Error(Service("set", "nobody", service)));
        Assert.Equal("service \"s1\" on node \"nobody\" doesn't exist", Error(Service("get", "nobody", service)));
        Assert.Equal("node \"none\" doesn't exist", Error(Node("get", new NodeEntry { Name = "none" })));
        Assert.Equal("check \"none\" on node \"n\" doesn't exist", Error(Check("get", check with { CheckId = "none" })));
        Assert.Equal("unknown Node verb \"frob\"", Error(Node("frob", node)));
        Assert.Equal("unknown Service verb \"frob\"", Error(Service("frob", "n", service)));
        Assert.Equal("unknown Check verb \"frob\"", Error(Check("frob", check)));

        Assert.Empty(_state.Txn(Service("cas", "n", service with { Port = 82, ModifyIndex = made.Results[1].Service!.ModifyIndex }), Check("delete", check)).Errors);
        Assert.Empty(_state.Txn(Service("delete", "n", service), Node("delete", node)).Results);
        Assert.Equal(0UL, _state.Root.NodeServices("n", null, out _, []));
    }

    private string Error(TxnOp op) => Assert.Single(_state.Txn(op).Errors).What;

    private static TxnOp Kv(string verb, string key, string? value = null, ulong index = 0, string session = "") => new()
    {
        Kv = new TxnKvOp(verb, new KvEntry { Key = Encoding.UTF8.GetBytes(key), Value = value is null ? default : Encoding.UTF8.GetBytes(value), HasValue = value is not null, ModifyIndex = index, Session = session }),
    };

    private static TxnOp Node(string verb, NodeEntry node) => new() { Node = new TxnNodeOp(verb, node) };

    private static TxnOp Service(string verb, string node, NodeService service) => new() { Service = new TxnServiceOp(verb, node, service) };

    private static TxnOp Check(string verb, HealthCheck check) => new() { Check = new TxnCheckOp(verb, check) };
}
