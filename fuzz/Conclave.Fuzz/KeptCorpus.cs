namespace Conclave.Fuzz;

/// <summary>Inputs that earlier runs found worth starting from: <c>fuzz/corpus/TARGET.txt</c>, one input in hexadecimal on each line.</summary>
internal static class KeptCorpus
{
    // Long inputs reach no further than short ones with the same end, and the file is part of the repository.
    private const int InputBytesMax = 800;

    public static IReadOnlyList<byte[]> Read(string root, string target)
    {
        string file = FileOf(root, target);
        return File.Exists(file) ? Array.ConvertAll(File.ReadAllLines(file), Convert.FromHexString) : [];
    }

    /// <summary>Adds inputs that are not there yet; returns how many there are then.</summary>
    public static int Add(string root, string target, IEnumerable<byte[]> inputs)
    {
        string file = FileOf(root, target);
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        if (File.Exists(file)) lines.UnionWith(File.ReadAllLines(file));
        foreach (var input in inputs)
            if (input.Length <= InputBytesMax) lines.Add(Convert.ToHexStringLower(input));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllLines(file, lines);
        return lines.Count;
    }

    private static string FileOf(string root, string target) => Path.Combine(root, "fuzz", "corpus", target + ".txt");
}
