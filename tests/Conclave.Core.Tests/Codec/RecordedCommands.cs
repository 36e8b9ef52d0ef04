using System.Text.Json;
using Conclave.Tests;

namespace Conclave.Core.Tests.Codec;

/// <summary>Log commands recorded from real servers (tests/data/vectors/raft).</summary>
internal static class RecordedCommands
{
    /// <summary>One command of each kind and operation.</summary>
    public static IReadOnlyList<RecordedCommand> Samples { get; } = Load("commands.json", "vectors", vector => vector.TryGetProperty("decoded", out _));

    /// <summary>All commands of a complete log.</summary>
    public static IReadOnlyList<RecordedCommand> Replay { get; } = Load("replay.json", "entries", entry => entry.GetProperty("type").GetString() == "Command");

    private static List<RecordedCommand> Load(string file, string list, Func<JsonElement, bool> wanted)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "raft", file)));
        var commands = new List<RecordedCommand>();
        foreach (var item in document.RootElement.GetProperty(list).EnumerateArray())
        {
            if (!wanted(item)) continue;
            string name = item.TryGetProperty("name", out var text) ? text.GetString()! : $"{file} {item.GetProperty("index").GetInt32()}";
            commands.Add(new(name, Convert.FromHexString(item.GetProperty("hex").GetString()!)));
        }
        return commands;
    }
}

/// <summary>A log entry's data.</summary>
internal sealed record RecordedCommand(string Name, byte[] Bytes)
{
    public int Type => Bytes[0] & 127;

    public ReadOnlyMemory<byte> Body => Bytes.AsMemory(1);

    public override string ToString() => Name;
}
