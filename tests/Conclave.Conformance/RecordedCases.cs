using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance;

/// <summary>What a Consul server answered, asked again of the real program. One class per area, each with a server of its own.</summary>
public abstract class RecordedCases(ConformanceServer server)
{
    /// <summary>Rows for a theory: the cases of some areas in one mode.</summary>
    public static IEnumerable<TheoryDataRow<string>> CasesOf(string mode, params string[] areas) =>
        from one in ConformanceCase.All.Values
        where one.Mode == mode && areas.Contains(one.Area)
        select new TheoryDataRow<string>(one.Id) { TestDisplayName = one.Id };

    private protected async Task PlayAsync(string id)
    {
        var one = ConformanceCase.All[id];
        var failure = await server.PlayAsync(one, TestContext.Current.CancellationToken);
        if (NotServed.Judge(one, failure) is { } verdict) Assert.Fail($"{verdict}\n{server.Output}");
    }
}
