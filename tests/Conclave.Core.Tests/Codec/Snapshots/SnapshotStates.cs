using System.Formats.Tar;
using System.IO.Compression;
using Conclave.Tests;

namespace Conclave.Core.Tests.Codec.Snapshots;

/// <summary>State streams of the recorded archives that real servers wrote, unpacked by the platform's own tar and gzip.</summary>
internal static class SnapshotStates
{
    public static IEnumerable<string> Names => Directory.GetFiles(Vectors.Path("vectors", "snapshot"), "*.snap")
        .Select(Path.GetFileName)
        .Where(name => !name!.StartsWith("case-", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)!;

    public static byte[] Load(string name)
    {
        using var gzip = new GZipStream(File.OpenRead(Vectors.Path("vectors", "snapshot", name)), CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name != "state.bin") continue;
            var state = new MemoryStream();
            entry.DataStream!.CopyTo(state);
            return state.ToArray();
        }
        throw new InvalidDataException($"{name} has no state.bin");
    }
}
