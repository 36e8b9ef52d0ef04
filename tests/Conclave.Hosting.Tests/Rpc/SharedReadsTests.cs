using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Tests.Streaming;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>Blocking calls that ask the same wait together.</summary>
public sealed class SharedReadsTests : IAsyncDisposable
{
    private static readonly byte[] s_method = Encoding.ASCII.GetBytes("Health.ServiceNodes");

    private readonly FakeCluster _cluster = new();
    private readonly FakeServer _server;

    public SharedReadsTests()
    {
        _server = new FakeServer(_cluster, "s1");
        _server.Local.Believe(_server.AsLeader(isItself: true));
        Apply(Registrations.Service("n1", "web1"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private RpcWaits Waits => _server.Reads.Waits;

    [Fact]
    public async Task A_change_is_looked_at_and_written_once_for_a_thousand_calls()
    {
        var calls = new List<Task<RpcOutcome>>();
        for (int i = 0; i < 1000; i++) calls.Add(CallAsync("web", _cluster.Root.LastIndex, CancellationToken.None));
        await UntilAsync(() => Waits.WaiterCount == 1000);
        Assert.Equal((1, 1, 0), (Waits.GroupCount, Waits.Evaluations, Waits.Renderings));

        Apply(Registrations.Service("n1", "web1", status: HealthStatus.Critical));
        foreach (var call in calls)
        {
            using var outcome = await call;
            Assert.Equal(RpcEnd.Result, outcome.End);
            Assert.Contains("critical", Encoding.UTF8.GetString(outcome.Result.Span), StringComparison.Ordinal);
        }
        Assert.Equal((0, 2, 1), (Waits.GroupCount, Waits.Evaluations, Waits.Renderings));
    }

    [Fact]
    public async Task A_change_of_another_service_is_not_looked_at()
    {
        Apply(Registrations.Service("n2", "db1", "db"));
        var web = CallAsync("web", _cluster.Root.LastIndex, CancellationToken.None);
        await UntilAsync(() => Waits.WaiterCount == 1);
        Apply(Registrations.Service("n2", "db2", "db"));
        Apply(Registrations.Service("n1", "web2"));
        using var outcome = await web;
        Assert.Equal(2, Waits.Evaluations);
    }

    [Fact]
    public async Task Calls_that_wait_for_different_things_do_not_wait_together()
    {
        using var stop = new CancellationTokenSource();
        ulong index = _cluster.Root.LastIndex;
        var calls = new List<Task<RpcOutcome>> { CallAsync("web", index, stop.Token), CallAsync("db", index, stop.Token), CallAsync("web", index, stop.Token, filter: "Node.Node == n1"), CallAsync("web", index, stop.Token, node: "n1") };
        await UntilAsync(() => Waits.WaiterCount == 4);
        Assert.Equal(4, Waits.GroupCount);
        await stop.CancelAsync();
        foreach (var call in calls) (await call).Dispose();
    }

    [Fact]
    public async Task A_caller_that_has_left_leaves_nothing_behind()
    {
        using var stop = new CancellationTokenSource();
        var calls = new List<Task<RpcOutcome>>();
        for (int i = 0; i < 100; i++) calls.Add(CallAsync("web", _cluster.Root.LastIndex, stop.Token));
        await UntilAsync(() => Waits.WaiterCount == 100);
        await stop.CancelAsync();
        foreach (var call in calls) (await call).Dispose();
        await UntilAsync(() => Waits is { WaiterCount: 0, GroupCount: 0 });

        // The same when the connection breaks under them.
        calls = [CallAsync("web", _cluster.Root.LastIndex, CancellationToken.None)];
        await UntilAsync(() => Waits.WaiterCount == 1);
        _server.BreakConnections();
        using var lost = await calls[0];
        Assert.NotEqual(RpcEnd.Result, lost.End);
        await UntilAsync(() => Waits is { WaiterCount: 0, GroupCount: 0 });
    }

    [Fact]
    public async Task A_restored_state_answers_all_that_wait()
    {
        var call = CallAsync("web", _cluster.Root.LastIndex, CancellationToken.None);
        await UntilAsync(() => Waits.WaiterCount == 1);
        _cluster.Restore(_server.Local.CatchUp);
        using var outcome = await call;
        Assert.Equal(RpcEnd.Result, outcome.End);
        Assert.DoesNotContain("web1", Encoding.UTF8.GetString(outcome.Result.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Questions_differ_in_all_that_matters_and_in_nothing_else()
    {
        var one = new QueryArguments { ServiceName = "web", ServiceTags = ["a", "b"], TagFilter = true };
        Assert.Equal(one.Question(), (one with { Datacenter = "dc1", Options = new() { MinQueryIndex = 7, MaxQueryTimeNanoseconds = 8, AllowStale = true, Token = "t" } }).Question());
        QueryArguments[] others =
        [
            one, one with { ServiceName = "we", Node = "b" }, one with { ServiceTags = ["ab"] }, one with { ServiceTags = ["a"] }, one with { TagFilter = false }, one with { Connect = true }, one with { Ingress = true },
            one with { SourceNode = "n" }, one with { SourceIp = "n" }, one with { Node = "n" }, one with { State = "any" }, one with { Key = "k"u8.ToArray() }, one with { Separator = "k"u8.ToArray() }, one with { SessionId = "s" },
            one with { ServiceKind = "k" }, one with { UseServiceKind = true }, one with { Kind = "k" }, one with { Name = "k" }, one with { ServiceAddress = "k" }, one with { Options = new() { Filter = "k" } },
            one with { NodeMetaFilters = TextMap<string>.From([new("a", "b")]) }, one with { NodeMetaFilters = TextMap<string>.From([new("a", "c")]) },
        ];
        Assert.Equal(others.Length, others.Select(other => other.Question()).Distinct().Count());
    }

    private void Apply(byte[] command) => _cluster.Apply(command, _server.Local.CatchUp);

    private async Task<RpcOutcome> CallAsync(string service, ulong index, CancellationToken stop, string filter = "", string node = "")
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        writer.WriteMapHeader(4);
        writer.WriteField("Filter"u8, filter);
        writer.WriteField("MinQueryIndex"u8, index);
        writer.WriteField("Node"u8, node);
        writer.WriteField("ServiceName"u8, service);
        writer.Flush();
        return await _server.Pool.CallAsync(_server.Address, s_method, isForwarded: false, buffer.ToArray(), stop);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds()) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
