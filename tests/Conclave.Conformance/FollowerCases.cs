using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance;

/// <summary>The same cases, asked of a server that follows another: what only the leader can answer is answered all the same.</summary>
public abstract class FollowerCases(FollowerServer server) : RecordedCases(server)
{
    // They ask whether the agent itself leads, or how many servers may fail where there is only one.
    private static readonly HashSet<string> s_aboutTheLeader = ["agent/agent-self", "operator/operator-raft-configuration", "operator/operator-autopilot-health", "operator/operator-autopilot-state"];

    private protected static IEnumerable<TheoryDataRow<string>> CasesAtFollowers(params string[] areas) => CasesOf("dev", areas).Where(row => !s_aboutTheLeader.Contains(row.Data));
}

public sealed class FollowerKeyCases(FollowerServer server) : FollowerCases(server), IClassFixture<FollowerServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtFollowers("kv", "txn", "session");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class FollowerCatalogCases(FollowerServer server) : FollowerCases(server), IClassFixture<FollowerServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtFollowers("catalog", "health", "coordinate", "status", "event");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class FollowerLocalCases(FollowerServer server) : FollowerCases(server), IClassFixture<FollowerServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtFollowers("agent", "genesis", "http");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class FollowerFurtherAreasCases(FollowerServer server) : FollowerCases(server), IClassFixture<FollowerServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtFollowers("query", "operator", "snapshot", "config", "connect", "acl");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}
