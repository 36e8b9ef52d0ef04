using System.Text;
using Conclave.Agent.Events;
using Conclave.Cli.Client;
using Conclave.Cli.Commands.Watch;

namespace Conclave.Cli.Tests;

public sealed class WatchPlanTests
{
    private static readonly string[] Ids = [.. Enumerable.Range(1, 4).Select(static number => $"{9 - number}0000000-0000-4000-8000-{number:D12}")];

    [Fact]
    public void A_view_is_news_once()
    {
        var plan = new WatchPlan(WatchView.Of("nodes", "", "", "", "", "", [], ""));
        Assert.Equal("[1]\n", Text(plan.Take(Answer("[1]", 5))));
        Assert.Null(plan.Take(Answer("[1]", 5)));
        Assert.Null(plan.Take(Answer("[1]", 6)));
        Assert.Equal(6UL, plan.Index);
        Assert.Equal("[2]\n", Text(plan.Take(Answer("[2]", 7))));
    }

    [Fact]
    public void An_index_that_goes_back_begins_anew()
    {
        var plan = new WatchPlan(WatchView.Of("nodes", "", "", "", "", "", [], ""));
        plan.Take(Answer("[1]", 5));
        Assert.Equal("[2]\n", Text(plan.Take(Answer("[2]", 3))));
        Assert.Equal(0UL, plan.Index);
    }

    [Fact]
    public void Handlers_get_each_event_once_though_their_numbers_are_not_ordered()
    {
        var plan = new WatchPlan(WatchView.Of("event", "", "", "", "", "", [], ""));
        Assert.Null(plan.Take(Answer("[]", 1)));
        Assert.Equal([Ids[0], Ids[1]], IdsIn(plan.Take(Events(0, 1))));
        Assert.Null(plan.Take(Events(0, 1)));
        Assert.Equal([Ids[2]], IdsIn(plan.Take(Events(0, 1, 2))));
        Assert.Equal([Ids[3]], IdsIn(plan.Take(Events(3))));
    }

    private static ApiAnswer Events(params int[] numbers) =>
        Answer($"[{string.Join(',', numbers.Select(static number => $$"""{"ID":"{{Ids[number]}}"}"""))}]", new UserEvent { Id = Ids[numbers[^1]], Name = "" }.Index);

    private static ApiAnswer Answer(string body, ulong index) => new(200, Encoding.UTF8.GetBytes(body), index);

    private static string Text(byte[]? body) => body is null ? "" : Encoding.UTF8.GetString(body);

    private static List<string> IdsIn(byte[]? body) => [.. Ids.Where(id => Text(body).Contains(id, StringComparison.Ordinal))];
}
