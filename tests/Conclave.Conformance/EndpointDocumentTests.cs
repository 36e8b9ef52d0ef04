using System.Text.RegularExpressions;
using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance;

/// <summary>The endpoints of <c>docs/compatibility.md</c> are those of the program, with the same methods.</summary>
public sealed partial class EndpointDocumentTests(DevServer server) : IClassFixture<DevServer>
{
    private const string NotYet = "not yet";

    private static IReadOnlyList<string[]> Rows { get; } = [.. CompatibilityDocument.Rows("Endpoints").Select(cells => (string[])[cells[0].Trim('`'), .. cells[1..]])];

    [Fact]
    public void Every_route_of_the_program_is_listed()
    {
        var listed = Rows.Where(row => row[2] != NotYet).Select(row => row[0]);
        Assert.Empty(RoutesInSource().Except(listed));
    }

    [Fact]
    public void Every_endpoint_has_one_of_the_defined_words() =>
        Assert.All(Rows, row => Assert.Contains(row[2], (string[])["works", "refused", "stored", NotYet]));

    [Fact]
    public async Task Methods_are_the_listed_ones()
    {
        Assert.Null(server.Refusal);
        foreach (var row in Rows)
        {
            var target = row[0].EndsWith('/') ? row[0] + "x" : row[0];
            var answer = await server.Client.SendAsync(new RawRequest("OPTIONS", target, []), TestContext.Current.CancellationToken);
            var methods = row[2] == NotYet ? null : $"OPTIONS,{row[1].Replace(" ", "")}";
            Assert.True(methods == answer.Header("Allow"), $"{row[0]}: the document says {methods ?? NotYet}, the program {answer.Header("Allow") ?? "nothing"}");
        }
    }

    private static IEnumerable<string> RoutesInSource() =>
        from file in Directory.EnumerateFiles(Path.Combine(Tests.Vectors.Root, "src", "Conclave.Http", "Endpoints"), "*.cs", SearchOption.AllDirectories)
        where !file.Contains("/obj/")
        from Match route in Route().Matches(File.ReadAllText(file))
        select route.Groups["pattern"].Value;

    // A path that is put together of two parts is not a literal of its own; the program answers for those.
    [GeneratedRegex("\"(?<pattern>/v1/[^\"]+)\"(?! \\+)")]
    private static partial Regex Route();
}
