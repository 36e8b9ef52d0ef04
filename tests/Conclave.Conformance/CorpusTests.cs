using Conclave.Conformance.Player;

namespace Conclave.Conformance;

/// <summary>Nothing recorded is left out silently.</summary>
public sealed class CorpusTests
{
    [Fact]
    public void Every_recorded_case_belongs_to_exactly_one_class()
    {
        IEnumerable<TheoryDataRow<string>>[] classes =
        [
            KvCases.Rows, TxnCases.Rows, SessionCases.Rows, AgentCases.Rows, CatalogCases.Rows, HealthCases.Rows, GenesisCases.Rows, HttpCases.Rows,
            FurtherAreasCases.Rows, SpecialCases.Rows, ReadOnlyCases.Rows, AclCases.Rows, AclBootstrapCases.Rows,
        ];
        Assert.Equal(ConformanceCase.All.Keys, classes.SelectMany(rows => rows).Select(row => row.Data).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Not_served_names_recorded_cases_once_and_in_order()
    {
        var listed = NotServed.Read().ToList();
        Assert.Equal(listed.Distinct().Order(StringComparer.Ordinal), listed);
        Assert.All(listed, id => Assert.Contains(id, ConformanceCase.All.Keys));
    }
}
