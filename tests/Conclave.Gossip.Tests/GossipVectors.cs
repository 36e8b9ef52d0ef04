using System.Text;
using System.Text.Json;
using Conclave.Gossip.Security;
using Conclave.Tests;

namespace Conclave.Gossip.Tests;

/// <summary>A recorded packet, or one side of a recorded stream.</summary>
internal sealed record GossipVector(string File, JsonElement Json)
{
    public string Name => Json.GetProperty("name").GetString()!;

    public byte[] Bytes => Convert.FromHexString(Json.GetProperty("hex").GetString()!);

    public JsonElement Decoded => Json.GetProperty("decoded");

    public bool IsPacket => Json.GetProperty("transport").GetString() == "udp";

    /// <summary>Whether the sender writes signed numbers where we write unsigned ones.</summary>
    public bool IsForeignForm => Decoded.TryGetProperty("codec", out _);

    /// <summary>The label of the pool; of an answer it is not in the bytes.</summary>
    public byte[] Label => Encoding.UTF8.GetBytes(LabelIn(Json, "label") ?? LabelIn(Decoded, "label") ?? "");

    public bool IsAnswer => Decoded.TryGetProperty("label_from_request", out _);

    public Keyring? OpenKeyring() => Json.TryGetProperty("key", out var key) ? new(GossipKey.Parse(key.GetString()!)) : null;

    private static string? LabelIn(JsonElement element, string name) => element.TryGetProperty(name, out var label) ? label.GetString() : null;
}

/// <summary>All recorded packets and streams.</summary>
internal static class GossipVectors
{
    private static readonly string[] s_files = ["memberlist-udp", "memberlist-tcp", "serf-messages", "encryption", "consul", "codec-v2"];

    public static IReadOnlyList<GossipVector> All { get; } = [.. s_files.SelectMany(file => Load(file).EnumerateArray().Select(json => new GossipVector(file, json)))];

    public static IEnumerable<GossipVector> Packets => All.Where(vector => vector.IsPacket);

    public static IEnumerable<GossipVector> Streams => All.Where(vector => !vector.IsPacket);

    public static JsonElement Load(string file) => JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "gossip", file + ".json"))).RootElement;

    public static void AssertSame(JsonElement expected, object? actual, string where)
    {
        var written = JsonSerializer.SerializeToElement(actual);
        Assert.True(AreSame(expected, written), $"{where}\nexpected {expected}\nactual   {written}");
    }

    private static bool AreSame(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return false;
        return a.ValueKind switch
        {
            JsonValueKind.Number => a.GetDouble().Equals(b.GetDouble()),
            JsonValueKind.String => a.GetString() == b.GetString(),
            JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => AreSame(pair.First, pair.Second)),
            JsonValueKind.Object => a.EnumerateObject().Count() == b.EnumerateObject().Count() &&
                a.EnumerateObject().All(property => b.TryGetProperty(property.Name, out var other) && AreSame(property.Value, other)),
            _ => true,
        };
    }
}
