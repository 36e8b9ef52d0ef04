using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance;

/// <summary>The same cases, asked of a client agent in front of a server: a client must not be able to tell the difference.</summary>
public abstract class ClientAgentCases(ClientAgent agent) : RecordedCases(agent)
{
    // What they ask about is the agent itself, and that it is a server.
    private static readonly HashSet<string> s_aboutServers = ["agent/agent-members", "agent/agent-self", "coordinate/coordinate-datacenters", "health/health-service-own"];

    private protected static IEnumerable<TheoryDataRow<string>> CasesAtClients(params string[] areas) => CasesOf("dev", areas).Where(row => !s_aboutServers.Contains(row.Data));
}

public sealed class ClientAgentKeyCases(ClientAgent agent) : ClientAgentCases(agent), IClassFixture<ClientAgent>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtClients("kv", "txn", "session");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class ClientAgentCatalogCases(ClientAgent agent) : ClientAgentCases(agent), IClassFixture<ClientAgent>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtClients("catalog", "health", "coordinate", "status", "event");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class ClientAgentLocalCases(ClientAgent agent) : ClientAgentCases(agent), IClassFixture<ClientAgent>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesAtClients("agent", "genesis", "http");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}
