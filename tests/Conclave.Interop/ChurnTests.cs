using Conclave.Gossip;

namespace Conclave.Interop;

/// <summary>Twenty members, ten of each kind, of which some die, leave and come back.</summary>
public sealed class ChurnTests
{
    private const int OfEach = 10;

    [Fact]
    public async Task A_mixed_pool_agrees_after_members_died_left_and_came_back()
    {
        var serfs = new List<SerfAgent>();
        var ours = new List<OurMember>();
        try
        {
            for (int i = 0; i < OfEach; i++)
            {
                ours.Add(await OurMember.StartAsync($"ours-{i}"));
                serfs.Add(await SerfAgent.StartAsync($"serf-{i}"));
                await ours[i].Membership.JoinAsync(serfs[0].Address, TestContext.Current.CancellationToken);
                if (i > 0) await serfs[i].JoinAsync(ours[0].Address);
            }
            await AgreeAsync(serfs, ours, failed: [], left: []);

            await serfs[1].KillAsync();
            await serfs[2].LeaveAsync();
            await ours[3].DisposeAsync();
            await ours[4].Membership.LeaveAsync(TestContext.Current.CancellationToken);
            await ours[4].DisposeAsync();
            await AgreeAsync(serfs, ours, failed: ["serf-1", "ours-3"], left: ["serf-2", "ours-4"]);

            var (serfPort, ourPort) = (serfs[1].Port, ours[3].Membership.LocalEndPoint.Port);
            await serfs[1].DisposeAsync();
            serfs[1] = await SerfAgent.StartAsync("serf-1", serfPort);
            ours[3] = await OurMember.StartAsync("ours-3", options => options.Port = ourPort);
            await serfs[1].JoinAsync(ours[5].Address);
            await ours[3].Membership.JoinAsync(serfs[5].Address, TestContext.Current.CancellationToken);
            // Those who came back may not know of the ones that left and were forgotten meanwhile, so these no longer count.
            await AgreeAsync(serfs, ours, failed: [], left: ["serf-2", "ours-4"], isLeftForgotten: true);
        }
        finally
        {
            foreach (var member in ours) await member.DisposeAsync();
            foreach (var agent in serfs) await agent.DisposeAsync();
        }
    }

    // Whoever is there sees all others as they are. Members that left are compared only while nobody can have forgotten them.
    private static async Task AgreeAsync(List<SerfAgent> serfs, List<OurMember> ours, string[] failed, string[] left, bool isLeftForgotten = false)
    {
        var expected = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < OfEach; i++) (expected[$"serf-{i}"], expected[$"ours-{i}"]) = ("alive", "alive");
        foreach (string name in failed) expected[name] = "failed";
        foreach (string name in left) expected[name] = "left";
        string wanted = Text(expected, isLeftForgotten);
        foreach (var member in ours)
        {
            if (expected[member.Name] != "alive") continue;
            await Eventually.Become(() => Text(member.Membership.Members.ToDictionary(static known => known.Name, static known => StatusOf(known.Status)), isLeftForgotten), seen => seen == wanted, $"{member.Name} agrees with {wanted}");
        }
        foreach (var agent in serfs)
        {
            if (expected[agent.Name] != "alive") continue;
            await Eventually.Become(async () => Text((await agent.MembersAsync()).ToDictionary(static known => known.Key, static known => known.Value.Status), isLeftForgotten), seen => seen == wanted, $"{agent.Name} agrees with {wanted}");
        }
    }

    private static string StatusOf(MemberStatus status) => status.ToString().ToLowerInvariant();

    private static string Text(IEnumerable<KeyValuePair<string, string>> statuses, bool isLeftForgotten) =>
        string.Join(' ', statuses.Where(pair => !isLeftForgotten || pair.Value != "left").OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"));
}
