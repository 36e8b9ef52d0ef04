using System.Text;
using Conclave.Gossip.Serf;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>Questions to the members and their answers.</summary>
public sealed class QueryTests
{
    [Fact]
    public void Every_member_is_asked_once_acknowledges_and_answers_the_asker_included()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(5);
        Ask(net, hosts[1], new GossipQuery("uptime", "since"u8.ToArray()) { WantAcks = true });
        net.Run(TimeSpan.FromSeconds(1));
        foreach (var host in hosts)
        {
            var asked = Assert.Single(host.Told(GossipEventKind.Query));
            Assert.Equal(("uptime", "b", "since"), (asked.Name, asked.From, Encoding.UTF8.GetString(asked.Payload.Span)));
            net.Do(host, pool => Assert.True(pool.TryRespond(asked.Query, Encoding.UTF8.GetBytes("from " + host.Name), out _)));
        }
        net.Run(TimeSpan.FromSeconds(10));
        Assert.Equal(["a", "b", "c", "d", "e"], hosts[1].Told(GossipEventKind.QueryAck).Select(told => told.From).Order());
        Assert.Equal(["from a", "from b", "from c", "from d", "from e"], Answers(hosts[1]));
        Assert.Equal(GossipEventKind.QueryDone, hosts[1].Events[^1].Kind);
        Assert.All(hosts[1].Events.Where(told => told.Kind >= GossipEventKind.QueryAck), told => Assert.Equal(77, told.Query));
    }

    [Fact]
    public void A_query_is_answered_once_and_in_time()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        Ask(net, hosts[0], new GossipQuery("q", default) { Timeout = TimeSpan.FromSeconds(2) });
        net.Run(TimeSpan.FromSeconds(1));
        long number = hosts[1].Told(GossipEventKind.Query)[0].Query, own = hosts[0].Told(GossipEventKind.Query)[0].Query;
        net.Do(hosts[1], pool => Assert.True(pool.TryRespond(number, "1"u8, out _)));
        net.Do(hosts[1], pool => Assert.False(pool.TryRespond(number, "2"u8, out _)));
        net.Run(TimeSpan.FromSeconds(2));
        net.Do(hosts[0], pool =>
        {
            Assert.False(pool.TryRespond(own, "late"u8, out string error));
            Assert.Equal("response is past the deadline or already sent", error);
        });
        Assert.False(hosts[0].Pool.TryRespond(4711, default, out _));
        Assert.Equal(["1"], Answers(hosts[0]));
    }

    [Fact]
    public void An_answer_that_is_too_long_is_refused_and_may_be_tried_again()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        Ask(net, host, new GossipQuery("q", default));
        long number = host.Told(GossipEventKind.Query)[0].Query;
        Assert.False(host.Pool.TryRespond(number, new byte[1024], out string error));
        Assert.Equal("query response exceeds limit of 1024 bytes", error);
        Assert.True(host.Pool.TryRespond(number, new byte[900], out _));
    }

    [Theory]
    [InlineData("b", "", "", "b")]
    [InlineData("", "role", "^web", "c d")]
    [InlineData("a c", "role", "eb", "c")]
    [InlineData("", "missing", "^$", "a b c d")]
    [InlineData("", "role", "(unclosed", "")]
    [InlineData("", "role", @"(?=look)", "")]
    public void Only_those_who_pass_the_filters_are_asked(string nodes, string tag, string expression, string asked)
    {
        using var net = new PoolNet();
        string Role(string name) => name is "c" or "d" ? "web-1" : "db";
        var hosts = net.AddPool(4, config => config with { Tags = [new("role", Role(config.Name))] });
        Ask(net, hosts[0], new GossipQuery("q", default) { WantAcks = true, Nodes = nodes.Split(' ', StringSplitOptions.RemoveEmptyEntries), Tags = tag.Length == 0 ? [] : [new(tag, expression)] });
        net.Run(TimeSpan.FromSeconds(8));
        Assert.Equal(asked, string.Join(' ', hosts.Where(host => host.Told(GossipEventKind.Query).Length == 1).Select(host => host.Name)));
        Assert.Equal(asked, string.Join(' ', hosts[0].Told(GossipEventKind.QueryAck).Select(told => told.From).Order()));
    }

    [Fact]
    public void Answers_come_through_others_when_the_direct_way_is_cut()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(5);
        net.IsCut = (from, to) => from == hosts[4] && to == hosts[0];
        Ask(net, hosts[0], new GossipQuery("q", default) { WantAcks = true, RelayFactor = 3 });
        net.Run(TimeSpan.FromSeconds(1));
        net.Do(hosts[4], pool => pool.TryRespond(hosts[4].Told(GossipEventKind.Query)[0].Query, "relayed"u8, out _));
        net.Run(TimeSpan.FromSeconds(1));
        Assert.Contains(hosts[0].Told(GossipEventKind.QueryAck), told => told.From == "e");
        Assert.Equal(["relayed"], Answers(hosts[0]));
    }

    [Fact]
    public void Relayed_answers_are_told_once()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(6);
        Ask(net, hosts[0], new GossipQuery("q", default) { WantAcks = true, RelayFactor = 4 });
        net.Run(TimeSpan.FromSeconds(8));
        Assert.Equal(6, hosts[0].Told(GossipEventKind.QueryAck).Length);
    }

    [Fact]
    public void A_query_takes_sixteen_rounds_of_gossip_for_each_digit_of_the_pool()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(4);
        Ask(net, hosts[0], new GossipQuery("q", default));
        net.Run(TimeSpan.FromSeconds(3.1));
        Assert.Empty(hosts[0].Told(GossipEventKind.QueryDone));
        net.Run(TimeSpan.FromSeconds(0.2));
        Assert.Single(hosts[0].Told(GossipEventKind.QueryDone));
    }

    [Fact]
    public void A_query_that_is_too_long_or_takes_a_reserved_name_is_refused()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        Assert.False(host.Pool.TryStartQuery(1, new GossipQuery("q", new byte[1024]), out string error));
        Assert.Equal("query exceeds limit of 1024 bytes", error);
        Assert.False(host.Pool.TryStartQuery(1, new GossipQuery("q", default) { Nodes = [.. Enumerable.Range(0, 500).Select(i => $"node-{i}")] }, out error));
        Assert.Equal("query exceeds limit of 1024 bytes", error);
        Assert.False(host.Pool.TryStartQuery(1, new GossipQuery("_serf_ping", default), out error));
        Assert.Equal("Queries cannot contain the '_serf_' prefix", error);
    }

    [Fact]
    public void The_loser_of_a_dispute_about_a_name_goes_and_the_others_stay()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(5, config => config with { ResolveNameConflicts = true });
        var impostor = net.Add("c", config => config with { ResolveNameConflicts = true });
        net.Join(impostor, hosts[0]);
        net.Run(TimeSpan.FromSeconds(20));
        Assert.NotNull(impostor.Fatal);
        Assert.All(hosts, host => Assert.Null(host.Fatal));
        Assert.All(hosts, host => Assert.Equal(5, host.Pool.AliveCount));
    }

    [Fact]
    public void Without_resolution_a_dispute_about_a_name_is_only_said()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        var impostor = net.Add("c");
        net.Join(impostor, hosts[0]);
        net.Run(TimeSpan.FromSeconds(20));
        Assert.Null(impostor.Fatal);
        Assert.Contains(hosts[0].Log, line => line.StartsWith("Name conflict for 'c' both", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("^web-[0-9]+$", "web-12", true)]
    [InlineData("web", "my web server", true)]
    [InlineData("^web$", "web\n", false)]
    [InlineData(@"^\d+$", "٣", false)]
    [InlineData("^[[:alpha:]-]+$", "a-b", true)]
    [InlineData("^[[:alpha:]]+$", "a1", false)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData("^[^]a]+$", "bc", true)]
    [InlineData("^[a[]+$", "[a", true)]
    [InlineData(@"(?P<x>a)\z", "a", true)]
    [InlineData(@"^\Qa.b\E$", "a.b", true)]
    [InlineData(@"^\Qa.b\E$", "axb", false)]
    [InlineData(@"(a)\1", "aa", false)]
    [InlineData("(?i)WEB", "web", true)]
    [InlineData("", "anything", true)]
    [InlineData(@"\", "x", false)]
    [InlineData("[", "[", false)]
    [InlineData("((((((a{9}){9}){9}){9}){9}){9})", "a", false)]
    public void Expressions_are_understood_as_peers_write_them(string pattern, string text, bool isMatch) => Assert.Equal(isMatch, TagPattern.IsMatch(pattern, text));

    [Fact]
    public void No_expression_takes_long_however_it_is_made()
    {
        string text = new('a', 500);
        foreach (string pattern in (string[])["(a+)+$b", "(a|aa)+$b", "(.*)*b", "(a?){30}a{30}b", "(.*a.{200})*b", new string('(', 128) + new string(')', 128)])
            Assert.False(TagPattern.IsMatch(pattern, text) && pattern.Contains('b', StringComparison.Ordinal));
        Assert.False(TagPattern.IsMatch(new string('a', TagPattern.LengthMax + 1), text));
    }

    private static void Ask(PoolNet net, PoolHost host, GossipQuery query) => net.Do(host, pool => Assert.True(pool.TryStartQuery(77, query, out _)));

    private static IEnumerable<string> Answers(PoolHost host) =>
        host.Told(GossipEventKind.QueryResponse).Select(told => Encoding.UTF8.GetString(told.Payload.Span)).Order();
}
