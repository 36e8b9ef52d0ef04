using Conclave.Core.Model;
using Conclave.Node.Streaming;
using Conclave.Rpc.Grpc;

namespace Conclave.Node.Tests.Streaming;

/// <summary>What a view makes of the messages of subscriptions.</summary>
public sealed class ServiceViewTests
{
    private readonly ServiceView _view = new(bytesMax: 1 << 20);

    [Fact]
    public void Nothing_is_shown_before_the_first_answer_is_whole()
    {
        Assert.Equal(0u, _view.Begin());
        Assert.Equal(ViewStep.Nothing, Register(11, "n1", "web1"));
        Assert.Equal(ViewStep.Nothing, Register(11, "n2", "web2"));
        Assert.Null(_view.Publish());
        Assert.Equal(ViewStep.Changed, EndOfSnapshot(11));
        Assert.Equal("11: n1/web1 n2/web2", Shown());
    }

    [Fact]
    public void A_service_that_nobody_offers_is_an_empty_answer_with_an_index()
    {
        _view.Begin();
        EndOfSnapshot(0);
        Assert.Equal("1:", Shown());
    }

    [Fact]
    public void Changes_add_replace_and_take_out_single_instances()
    {
        Start(11, ("n2", "web2"), ("n1", "web1"));
        Register(12, "n1", "web0");
        Assert.Equal("12: n1/web0 n1/web1 n2/web2", Shown());
        Register(13, "n2", "web2", "critical");
        Assert.Equal("13: n1/web0 n1/web1 n2/web2(critical)", Shown());
        Gone(14, "n1", "web1");
        Assert.Equal("14: n1/web0 n2/web2(critical)", Shown());
        Gone(15, "n9", "web9");
        Assert.Equal("15: n1/web0 n2/web2(critical)", Shown());
    }

    [Fact]
    public void A_change_of_a_node_comes_as_one_message_and_is_shown_at_once()
    {
        Start(11, ("n1", "web1"), ("n1", "web2"), ("n2", "web3"));
        Assert.Equal(ViewStep.Changed, Take(new InstanceChange(12, Row("n1", "web1", "critical"), false), new InstanceChange(12, Row("n1", "web2", "critical"), false)));
        Assert.Equal("12: n1/web1(critical) n1/web2(critical) n2/web3", Shown());
        Take(new InstanceChange(13, Row("n1", "web1"), true), new InstanceChange(13, Row("n1", "web2"), true));
        Assert.Equal("13: n2/web3", Shown());
    }

    [Fact]
    public void What_was_published_stays_as_it_was()
    {
        Start(11, ("n1", "web1"));
        var before = _view.Publish()!;
        Register(12, "n2", "web2");
        Assert.Equal((11u, 1), (before.Index, before.Rows.Count));
        Assert.Equal((12u, 2), (_view.Publish()!.Index, _view.Publish()!.Rows.Count));
        Assert.Same(_view.Publish(), _view.Publish());
    }

    [Fact]
    public void The_next_subscription_goes_on_from_the_last_index_and_needs_no_new_answer()
    {
        Start(11, ("n1", "web1"));
        Register(12, "n2", "web2");
        Assert.Equal(12u, _view.Begin());
        Register(13, "n3", "web3");
        Assert.Equal("13: n1/web1 n2/web2 n3/web3", Shown());
    }

    [Fact]
    public void What_is_told_twice_is_taken_once_and_moves_no_index_back()
    {
        Start(11, ("n1", "web1"));
        Register(13, "n2", "web2");
        _view.Begin();
        Register(12, "n2", "web2");
        Assert.Equal("13: n1/web1 n2/web2", Shown());
    }

    [Fact]
    public void A_new_answer_replaces_the_old_one_when_it_is_whole_and_not_before()
    {
        Start(11, ("n1", "web1"), ("n2", "web2"));
        _view.Begin();
        Take(NewSnapshot());
        Register(20, "n3", "web3");
        Assert.Equal("11: n1/web1 n2/web2", Shown());
        EndOfSnapshot(20);
        Assert.Equal("20: n3/web3", Shown());
    }

    [Fact]
    public void An_answer_that_was_cut_off_leaves_nothing_behind()
    {
        _view.Begin();
        Register(11, "n1", "web1");
        Assert.Equal(0u, _view.Begin());
        Register(12, "n2", "web2");
        EndOfSnapshot(12);
        Assert.Equal("12: n2/web2", Shown());
        Take(NewSnapshot());
        Register(13, "n3", "web3");
        Assert.Equal(12u, _view.Begin());
        Register(14, "n4", "web4");
        Assert.Equal("14: n2/web2 n4/web4", Shown());
    }

    [Fact]
    public void After_a_reset_everything_is_asked_for_anew_and_the_index_may_go_back()
    {
        Start(30, ("n1", "web1"));
        _view.Forget();
        Assert.Equal(0u, _view.Begin());
        Assert.Equal("30: n1/web1", Shown());
        Register(7, "n1", "old");
        EndOfSnapshot(7);
        Assert.Equal("7: n1/old", Shown());
    }

    [Fact]
    public void The_end_of_a_snapshot_that_nobody_began_changes_nothing()
    {
        Start(11, ("n1", "web1"));
        _view.Begin();
        Assert.Equal(ViewStep.Nothing, EndOfSnapshot(50));
        Assert.Equal("11: n1/web1", Shown());
    }

    [Fact]
    public void A_service_beyond_the_bound_holds_nothing_and_says_so()
    {
        var small = new ServiceView(bytesMax: 4096);
        small.Begin();
        var last = ViewStep.Nothing;
        int taken = 0;
        for (; last == ViewStep.Nothing && taken < 100; taken++) last = small.Take(Message(new InstanceChange(11, Row("n" + taken, "web"), false)));
        Assert.Equal((ViewStep.TooLarge, 0L, 0UL), (last, small.Bytes, small.Index));
        Assert.True(taken < 10);
    }

    [Fact]
    public void Memory_is_given_back_with_what_is_taken_out()
    {
        Start(11);
        Assert.Equal(0, _view.Bytes);
        Register(12, "n1", "web1");
        long one = _view.Bytes;
        Register(13, "n1", "web1");
        Assert.Equal(one, _view.Bytes);
        Gone(14, "n1", "web1");
        Assert.Equal(0, _view.Bytes);
    }

    [Fact]
    public void Any_history_in_any_cut_ends_as_the_changes_say()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var random = new Core.Prng(seed);
            var view = new ServiceView(1 << 20);
            var truth = new SortedDictionary<string, ulong>(StringComparer.Ordinal);
            var log = new List<InstanceChange>();
            ulong index = 10;
            view.Begin();
            view.Take(End(index));
            for (int step = 0; step < 60; step++)
            {
                string id = "web" + random.Next(6);
                bool isGone = truth.ContainsKey(id) && random.Next(3) == 0;
                log.Add(new InstanceChange(++index, Row("n", id), isGone));
                if (isGone) truth.Remove(id);
                else truth[id] = index;
                if (random.Next(4) != 0) continue;
                // A stream brings what is missing, up to somewhere; then it is cut.
                ulong from = view.Begin();
                int many = (int)random.Next(20);
                foreach (var change in log)
                    if (change.Index > from && many-- > 0) view.Take(Message(change));
            }
            ulong seen = view.Begin();
            foreach (var change in log)
                if (change.Index > seen) view.Take(Message(change));
            Assert.Equal(truth.Keys, view.Publish()!.Rows.Select(row => row.Service.Id));
            Assert.Equal(index, view.Index);
        }
    }

    private void Start(ulong index, params (string Node, string Id)[] instances)
    {
        _view.Begin();
        foreach (var (node, id) in instances) Register(index, node, id);
        EndOfSnapshot(index);
    }

    private ViewStep Register(ulong index, string node, string id, string status = "passing") => Take(new InstanceChange(index, Row(node, id, status), IsGone: false));

    private ViewStep Gone(ulong index, string node, string id) => Take(new InstanceChange(index, Row(node, id), IsGone: true));

    private ViewStep EndOfSnapshot(ulong index) => Take(End(index));

    private ViewStep Take(params InstanceChange[] changes) => _view.Take(Message(changes));

    private ViewStep Take(byte[] message) => _view.Take(message);

    private string Shown()
    {
        var rows = _view.Publish()!;
        return $"{rows.Index}:" + string.Concat(rows.Rows.Select(row => $" {row.Node.Name}/{row.Service.Id}" + (row.Checks[0].Status == "passing" ? "" : $"({row.Checks[0].Status})")));
    }

    private static CheckServiceNode Row(string node, string id, string status = "passing") =>
        new(new NodeEntry { Name = node }, new NodeService { Id = id, Service = "web" }, [new HealthCheck { Node = node, CheckId = "serfHealth", Status = status }]);

    private static byte[] NewSnapshot()
    {
        using var writer = new ProtoWriter();
        StreamEvents.WriteNewSnapshotToFollow(writer);
        return Unframed(writer);
    }

    private static byte[] End(ulong index)
    {
        using var writer = new ProtoWriter();
        StreamEvents.WriteEndOfSnapshot(writer, index);
        return Unframed(writer);
    }

    private static byte[] Message(params InstanceChange[] changes)
    {
        using var writer = new ProtoWriter();
        StreamEvents.WriteChanges(writer, changes, "dc1");
        return Unframed(writer);
    }

    private static byte[] Unframed(ProtoWriter writer)
    {
        Assert.True(GrpcFraming.TryRead(writer.WrittenSpan, 1 << 20, out var message));
        return message.ToArray();
    }
}
