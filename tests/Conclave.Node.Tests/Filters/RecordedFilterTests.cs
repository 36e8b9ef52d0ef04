using System.Text.Json;
using Conclave.Node.Filters;
using Conclave.Tests;

namespace Conclave.Node.Tests.Filters;

/// <summary>Every filter expression in the recorded conversations compiles exactly when the recorded server took it.</summary>
public class RecordedFilterTests
{
    // Path, expression, whether the server answered with success.
    public static TheoryData<string, string, bool> Requests
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            var seen = new HashSet<(string, string)>();
            foreach (string file in Directory.GetFiles(Vectors.Path("conformance", "cases"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(file));
                foreach (var step in Steps(document.RootElement))
                    if (TryReadFilter(step, out string path, out string expression, out bool taken) && seen.Add((path, expression))) data.Add(path, expression, taken);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Recorded_expressions_are_taken_or_refused_as_recorded(string path, string expression, bool taken)
    {
        Action compile = path.Split('/') switch
        {
            [_, _, "catalog", "nodes"] => () => FilterCompiler.Compile(expression, FilterSchemas.Nodes),
            [_, _, "catalog", "service" or "connect", ..] => () => FilterCompiler.Compile(expression, FilterSchemas.ServiceNodes),
            [_, _, "catalog", "node" or "node-services", ..] => () => FilterCompiler.Compile(expression, FilterSchemas.NodeServices),
            [_, _, "health", "service" or "connect" or "ingress", ..] => () => FilterCompiler.Compile(expression, FilterSchemas.CheckServiceNodes),
            [_, _, "health", "node" or "checks" or "state", ..] or [_, _, "agent", "checks"] => () => FilterCompiler.Compile(expression, FilterSchemas.HealthChecks),
            [_, _, "agent", "services"] => () => FilterCompiler.Compile(expression, FilterSchemas.AgentServices("dc1")),
            _ => throw new InvalidDataException($"no schema is known for {path}"),
        };
        if (taken) compile();
        else Assert.Throws<FilterException>(compile);
    }

    private static IEnumerable<JsonElement> Steps(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("path", out _)) yield return element;
        var children = element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().Select(member => member.Value),
            JsonValueKind.Array => element.EnumerateArray(),
            _ => Enumerable.Empty<JsonElement>(),
        };
        foreach (var child in children)
            foreach (var step in Steps(child)) yield return step;
    }

    private static bool TryReadFilter(JsonElement step, out string path, out string expression, out bool taken)
    {
        (path, expression, taken) = ("", "", false);
        if (step.GetProperty("path").ValueKind != JsonValueKind.String || step.GetProperty("path").GetString()!.Split('?') is not [var before, var query]) return false;
        if (query.Split('&').FirstOrDefault(pair => pair.StartsWith("filter=", StringComparison.Ordinal)) is not { } filter) return false;
        if (!step.TryGetProperty("expect", out var expect) || !expect.TryGetProperty("status", out var status)) return false;
        path = before;
        expression = Uri.UnescapeDataString(filter["filter=".Length..].Replace('+', ' '));
        taken = status.GetInt32() == 200;
        return true;
    }
}
