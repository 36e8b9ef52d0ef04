using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Interop;

/// <summary>Members of ours and real serf agents in one pool: what they tell and ask each other.</summary>
public sealed class EventsAndQueriesTests : IAsyncLifetime
{
    private SerfAgent _serf = null!, _otherSerf = null!;
    private OurMember _ours = null!, _otherOurs = null!;

    public async ValueTask InitializeAsync()
    {
        _serf = await SerfAgent.StartAsync("serf", profile: "lan");
        _otherSerf = await SerfAgent.StartAsync("serf-2", profile: "lan");
        _ours = await OurMember.StartAsync("ours", static options => options.Profile = MembershipProfile.Lan);
        _otherOurs = await OurMember.StartAsync("ours-2", static options => options.Profile = MembershipProfile.Lan);
        await _ours.Membership.JoinAsync(_serf.Address, TestContext.Current.CancellationToken);
        await _otherOurs.Membership.JoinAsync(_ours.Address, TestContext.Current.CancellationToken);
        await _otherSerf.JoinAsync(_ours.Address);
        foreach (string name in Everybody)
        {
            await _serf.SeesAsync(name, "alive");
            await _otherSerf.SeesAsync(name, "alive");
            await _ours.SeesAsync(name, MemberStatus.Alive);
            await _otherOurs.SeesAsync(name, MemberStatus.Alive);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ours.DisposeAsync();
        await _otherOurs.DisposeAsync();
        await _serf.DisposeAsync();
        await _otherSerf.DisposeAsync();
    }

    private static string[] Everybody => ["ours", "ours-2", "serf", "serf-2"];

    [Fact]
    public async Task Events_arrive_everywhere_exactly_once()
    {
        await _ours.Membership.FireEventAsync("deploy", "1.0"u8.ToArray());
        await _serf.FireAsync("deploy", "2.0");
        await _otherOurs.Membership.FireEventAsync("restart", default);
        await _otherSerf.FireAsync("last", "x");
        List<Func<string[]>> logs = [_ours.Events, _otherOurs.Events, _serf.Events, _otherSerf.Events];
        string[] all = ["deploy 1.0", "deploy 2.0", "last x", "restart "];

        foreach (var look in logs)
            await Eventually.Become(() => string.Join('|', look().Order(StringComparer.Ordinal)), seen => seen == string.Join('|', all), "all events, once");

        // A complete exchange of states brings all old events again: nobody may deliver them.
        await _ours.Membership.JoinAsync(_serf.Address, TestContext.Current.CancellationToken);
        await _serf.JoinAsync(_otherOurs.Address);
        await _ours.Membership.FireEventAsync("end", default);
        foreach (var look in logs)
            Assert.Equal(all.Append("end ").Order(StringComparer.Ordinal), await Eventually.Become(() => look().Order(StringComparer.Ordinal).ToArray(), seen => seen.Contains("end "), "the last event"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Our_query_is_acknowledged_and_answered_by_all(byte relayFactor)
    {
        var query = new GossipQuery("who", default) { WantAcks = true, RelayFactor = relayFactor, Timeout = TimeSpan.FromSeconds(5) };

        // Nobody repeats a query that a member has missed, so it is asked again; but nobody may ever be heard twice.
        var (acks, answers) = await Eventually.Become(() => AskAsync(query), static heard => heard.Answers.Length == Everybody.Length && heard.Acks.Length == Everybody.Length, "all answer");

        Assert.Equal(Everybody, acks);
        Assert.Equal(Everybody.Select(static name => $"{name} {name}"), answers);
    }

    [Fact]
    public async Task Our_query_reaches_only_whom_its_filters_name()
    {
        await _serf.SetTagAsync("role", "web-1");
        await _otherOurs.Membership.SetTagsAsync([new("role", "web-22")]);
        await Eventually.Become(() => _ours.Membership.Members.Count(static member => member.Tag("role") is not null), count => count == 2, "both tags");

        var (_, byName) = await Eventually.Become(() => AskAsync(new GossipQuery("who", default) { Nodes = ["serf-2", "ours-2"], Timeout = TimeSpan.FromSeconds(4) }), static heard => heard.Answers.Length >= 2, "both answer");
        var (_, byTag) = await Eventually.Become(() => AskAsync(new GossipQuery("who", default) { Tags = [new("role", "web-[0-9]$")], Timeout = TimeSpan.FromSeconds(4) }), static heard => heard.Answers.Length >= 1, "one answers");

        Assert.Equal(["ours-2 ours-2", "serf-2 serf-2"], byName);
        Assert.Equal(["serf serf"], byTag);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Serfs_query_is_acknowledged_and_answered_by_all(int relayFactor)
    {
        var (acks, responses) = await Eventually.Become(() => _serf.QueryAsync("who", "?", relayFactor), static heard => heard.Acks.Length >= Everybody.Length && heard.Responses.Count == Everybody.Length, "all answer");

        Assert.Equal(Everybody, acks);
        Assert.Equal(Everybody, responses.Keys);
        Assert.All(responses, response => Assert.Equal(response.Key, response.Value));
    }

    private async Task<(string[] Acks, string[] Answers)> AskAsync(GossipQuery query)
    {
        var (acks, answers) = (new List<string>(), new List<string>());
        await foreach (var answer in _ours.Membership.QueryAsync(query, TestContext.Current.CancellationToken))
        {
            if (answer.Kind == GossipEventKind.QueryAck) acks.Add(answer.From);
            else answers.Add($"{answer.From} {System.Text.Encoding.UTF8.GetString(answer.Payload.Span)}");
        }
        Assert.Equal(acks.Distinct(), acks);
        Assert.Equal(answers.Distinct(), answers);
        return ([.. acks.Order(StringComparer.Ordinal)], [.. answers.Order(StringComparer.Ordinal)]);
    }
}
