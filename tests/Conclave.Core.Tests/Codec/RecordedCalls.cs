using System.Text.Json;
using Conclave.Tests;

namespace Conclave.Core.Tests.Codec;

/// <summary>RPC calls recorded between real agents and servers (tests/data/vectors/rpc), those that are plain MessagePack.</summary>
internal static class RecordedCalls
{
    public static IReadOnlyList<RecordedCall> All { get; } = [.. Load()];

    private static IEnumerable<RecordedCall> Load()
    {
        foreach (string file in Directory.GetFiles(Vectors.Path("vectors", "rpc"), "*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind != JsonValueKind.Array) continue;
            foreach (var vector in document.RootElement.EnumerateArray())
                if (!vector.TryGetProperty("layer", out var layer) || layer.GetString() == "msgpack")
                    yield return new(vector.GetProperty("name").GetString()!, Convert.FromHexString(vector.GetProperty("hex").GetString()!));
        }
    }
}

/// <summary>Header and body of one request or reply.</summary>
internal sealed record RecordedCall(string Name, byte[] Bytes)
{
    public override string ToString() => Name;
}
