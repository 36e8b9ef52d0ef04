using Conclave.Conformance.Server;

namespace Conclave.Conformance;

public sealed class KvCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "kv");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class TxnCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "txn");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class SessionCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "session");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class AgentCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "agent");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class CatalogCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "catalog");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class HealthCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "health");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class GenesisCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "genesis");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class HttpCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "http", "status", "event", "coordinate");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class FurtherAreasCases(DevServer server) : RecordedCases(server), IClassFixture<DevServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("dev", "query", "operator", "snapshot", "config", "connect", "acl");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class SpecialCases(SpecialServer server) : RecordedCases(server), IClassFixture<SpecialServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("special", "http");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class ReadOnlyCases(ReadOnlyServer server) : RecordedCases(server), IClassFixture<ReadOnlyServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("readonly", "http");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class AclCases(AclServer server) : RecordedCases(server), IClassFixture<AclServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("acl", "acl");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}

public sealed class AclBootstrapCases(AclBootstrapServer server) : RecordedCases(server), IClassFixture<AclBootstrapServer>
{
    public static IEnumerable<TheoryDataRow<string>> Rows => CasesOf("acl-bootstrap", "acl");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Answers_as_recorded(string id) => PlayAsync(id);
}
