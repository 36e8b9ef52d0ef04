using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>One recorded case: requests, and what the reference answered.</summary>
internal sealed record ConformanceCase(string Area, string Name, string Mode, JsonElement Steps, JsonElement Cleanup)
{
    /// <summary>How tests and lists name the case.</summary>
    public string Id => $"{Area}/{Name}";

    /// <summary>All recorded cases by <see cref="Id"/>, in ordinal order.</summary>
    public static IReadOnlyDictionary<string, ConformanceCase> All { get; } = LoadAll();

    private static SortedDictionary<string, ConformanceCase> LoadAll()
    {
        var cases = new SortedDictionary<string, ConformanceCase>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Tests.Vectors.Path("conformance", "cases"), "*.json", SearchOption.AllDirectories))
        {
            var one = Load(file);
            cases.Add(one.Id, one);
        }
        return cases;
    }

    private static ConformanceCase Load(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { MaxDepth = 256 });
        var root = document.RootElement.Clone();
        var mode = root.TryGetProperty("setup", out var setup) && setup.TryGetProperty("mode", out var named) ? named.GetString()! : "dev";
        root.TryGetProperty("cleanup", out var cleanup);
        return new ConformanceCase(root.GetProperty("area").GetString()!, root.GetProperty("name").GetString()!, mode, root.GetProperty("steps"), cleanup);
    }
}
