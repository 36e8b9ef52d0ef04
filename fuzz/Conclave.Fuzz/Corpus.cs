using System.Text;
using System.Text.Json;
using Conclave.Core.Codec;

namespace Conclave.Fuzz;

/// <summary>Valid inputs out of the recorded vectors (<c>tests/data/vectors</c>).</summary>
internal static class Corpus
{
    private const int UnpackedBytesMax = 64 << 20;

    public static IEnumerable<byte[]> Filters { get; } = Texts(
        "Service == web and not (a in Tags or Meta[\"some key\"] != `x`)",
        "Checks.Status == \"passing\" or Node.Address matches \"^10[.]\"",
        "not not Service.Port == 0x50",
        "Service.Tags is not empty and Service.Meta contains v",
        "\"\\x22\\u00e9\\101\" not in Checks.ServiceTags",
        "((((Node.Node not matches `(a|b)*c`))))");

    public static IEnumerable<byte[]> Queries { get; } = Texts(
        "index=41&wait=5m0s&stale", "dc=dc1&filter=Service+%3D%3D+%22web%22&near=_agent", "recurse&separator=%2F&keys", "node-meta=a:b&node-meta=c%3Ad&&=&x", "flags=18446744073709551615&cas=0");

    public static IEnumerable<byte[]> Calls(string root) => Hexes(root, "rpc", "vectors");

    public static IEnumerable<byte[]> Commands(string root) => Hexes(root, "raft", "vectors").Concat(Hexes(root, "raft", "entries"));

    public static IEnumerable<byte[]> Archives(string root) => Directory.GetFiles(Path.Combine(root, "snapshot"), "*.snap").Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    public static IEnumerable<byte[]> States(string root)
    {
        foreach (var archive in Archives(root))
        {
            ArchiveContent? content = null;
            try
            {
                content = SnapshotArchive.Read(archive, UnpackedBytesMax);
            }
            catch (SnapshotRefusedException)
            {
                continue;                                            // some of the recorded archives are damaged on purpose
            }
            yield return content.State.ToArray();
        }
    }

    // Vector files are lists, or objects that hold one; what matters is the "hex" of each item.
    private static IEnumerable<byte[]> Hexes(string root, string folder, string list)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(root, folder), "*.json").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var items = document.RootElement;
            if (items.ValueKind == JsonValueKind.Object && !items.TryGetProperty(list, out items)) continue;
            if (items.ValueKind != JsonValueKind.Array) continue;
            foreach (var item in items.EnumerateArray())
                if (item.TryGetProperty("hex", out var hex)) yield return Convert.FromHexString(hex.GetString()!);
        }
    }

    private static byte[][] Texts(params string[] texts) => Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
}
