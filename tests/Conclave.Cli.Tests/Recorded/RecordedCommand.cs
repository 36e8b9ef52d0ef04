using System.Text.Json;
using Conclave.Tests;

namespace Conclave.Cli.Tests.Recorded;

/// <summary>A command of the recordings with what the real program answered.</summary>
internal sealed record RecordedCommand(string Id, string[] Arguments, string? Input, int? Exit, string Out, string Error, Usage? Usage, bool UsageOnOut, string[]? Flags)
{
    public override string ToString() => $"{Id}: {string.Join(' ', Arguments)}";

    public static List<RecordedCommand> Read(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "cli", file + ".json")));
        return [.. json.RootElement.EnumerateArray().Select(From)];
    }

    private static RecordedCommand From(JsonElement row)
    {
        var usageOnOut = row.TryGetProperty("usage_on_stdout", out var usage);
        var hasUsage = usageOnOut || row.TryGetProperty("usage_on_stderr", out usage);
        return new RecordedCommand(
            row.GetProperty("id").GetString()!,
            [.. Texts(row.GetProperty("argv")).Skip(1)],
            row.GetProperty("stdin").GetString(),
            row.GetProperty("exit").ValueKind == JsonValueKind.Number ? row.GetProperty("exit").GetInt32() : null,
            row.GetProperty("stdout").GetString()!,
            row.GetProperty("stderr").GetString()!,
            hasUsage ? new Usage(usage.GetProperty("usage_line").GetString()!, Texts(usage.GetProperty("flags")), Texts(usage.GetProperty("subcommands"))) : null,
            usageOnOut,
            row.TryGetProperty("flag_list_on_stderr", out var flags) ? Texts(flags) : null);
    }

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString()!)];
}

/// <summary>What a printed help text must name.</summary>
internal sealed record Usage(string Line, string[] Flags, string[] Subcommands);
