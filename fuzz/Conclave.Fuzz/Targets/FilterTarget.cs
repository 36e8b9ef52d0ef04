using System.Text;
using Conclave.Core.Model;
using Conclave.Node.Filters;

namespace Conclave.Fuzz.Targets;

/// <summary>A filter expression: what compiles has a canonical text that compiles to a filter with the same answers.</summary>
internal static class FilterTarget
{
    private static readonly CheckServiceNode[] Rows =
    [
        new(new() { Name = "" }, new(), []),
        new(
            new() { Name = "n1", Address = "10.0.0.1", Meta = TextMap<string>.From([new("a", "b")]) },
            new() { Id = "web-1", Service = "web", Port = 80, Tags = ["a", "b"], Meta = TextMap<string>.From([new("v", "1")]) },
            [new() { Status = "passing", ServiceTags = ["a"] }, new() { Status = "critical" }]),
    ];

    public static void Run(ReadOnlySpan<byte> data)
    {
        Filter<CheckServiceNode> filter;
        try
        {
            filter = FilterCompiler.Compile(Encoding.UTF8.GetString(data), FilterSchemas.CheckServiceNodes);
        }
        catch (FilterException)
        {
            return;
        }
        var again = FilterCompiler.Compile(filter.CanonicalText, FilterSchemas.CheckServiceNodes);
        Promise.Holds(again.CanonicalText == filter.CanonicalText, "the canonical text stays the same");
        foreach (var row in Rows) Promise.Holds(filter.Matches(row) == again.Matches(row), "the canonical text means the same");
    }
}
