using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Conclave.Cli.Text;
using Conclave.Core.Codec;

namespace Conclave.Cli.Commands.Snapshot;

/// <summary>Prints what a snapshot holds.</summary>
internal static class SnapshotReport
{
    private const int Gap = 6;
    private const string Rule = "----";

    /// <summary>Tables for people; the second, of keys, only when keys were counted.</summary>
    public static string Pretty(ArchiveMeta meta, SnapshotStats stats)
    {
        var text = new StringBuilder(Columns.Format(
        [
            [" ID", meta.Id],
            [" Size", Number(meta.Size)],
            [" Index", meta.Index.ToString(CultureInfo.InvariantCulture)],
            [" Term", meta.Term.ToString(CultureInfo.InvariantCulture)],
            [" Version", Number(meta.Version)],
        ], Gap));
        AppendTable(text, "Type", stats.Kinds, stats.TotalSize);
        var keys = stats.Keys;
        if (keys.Count > 0) AppendTable(text, "Key Name", keys, stats.TotalSizeKeys);
        return text.ToString();
    }

    /// <summary>One JSON object, indented by three blanks, with a line end.</summary>
    public static string Json(ArchiveMeta meta, SnapshotStats stats)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            WriteMeta(json, meta);
            WriteStats(json, "Stats", stats.Kinds);
            WriteStats(json, "StatsKV", stats.Keys);
            json.WriteNumber("TotalSize", stats.TotalSize);
            json.WriteNumber("TotalSizeKV", stats.TotalSizeKeys);
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(bytes.WrittenMemory);
        return GoJson.Indent(document.RootElement, "   ") + "\n";
    }

    /// <summary>A size in steps of 1024 with at most one decimal.</summary>
    public static string Size(long bytes)
    {
        var (value, unit) = bytes switch
        {
            >= 1L << 40 => (bytes / (double)(1L << 40), "TB"),
            >= 1L << 30 => (bytes / (double)(1L << 30), "GB"),
            >= 1L << 20 => (bytes / (double)(1L << 20), "MB"),
            >= 1L << 10 => (bytes / (double)(1L << 10), "KB"),
            _ => (bytes, "B"),
        };
        return value.ToString("0.#", CultureInfo.InvariantCulture) + unit;
    }

    private static void AppendTable(StringBuilder text, string heading, List<SnapshotStat> stats, long total)
    {
        string[] rule = [" " + Rule, Rule, Rule];
        var rows = new List<string[]> { new[] { " " + heading, "Count", "Size" }, rule };
        foreach (var stat in stats) rows.Add([" " + stat.Name, Number(stat.Count), Size(stat.Sum)]);
        rows.Add(rule);
        rows.Add([" Total", "", Size(total)]);
        text.Append('\n').Append(Columns.Format(rows, Gap));
    }

    private static void WriteMeta(Utf8JsonWriter json, ArchiveMeta meta)
    {
        json.WriteStartObject("Meta");
        json.WriteString("ID", meta.Id);
        json.WriteNumber("Size", meta.Size);
        json.WriteNumber("Index", meta.Index);
        json.WriteNumber("Term", meta.Term);
        json.WriteNumber("Version", meta.Version);
        json.WriteEndObject();
    }

    private static void WriteStats(Utf8JsonWriter json, string name, List<SnapshotStat> stats)
    {
        if (stats.Count == 0)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartArray(name);
        foreach (var stat in stats)
        {
            json.WriteStartObject();
            json.WriteString("Name", stat.Name);
            json.WriteNumber("Sum", stat.Sum);
            json.WriteNumber("Count", stat.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
