namespace Conclave.Tests.House;

/// <summary>Texts that are kept in the repository and compared with what the code says. <c>CONCLAVE_REWRITE=1</c> writes them anew; the change is then reviewed like any other.</summary>
internal static class Recorded
{
    private static bool Rewriting => Environment.GetEnvironmentVariable("CONCLAVE_REWRITE") == "1";

    /// <summary>Compares a whole file.</summary>
    public static void CompareFile(string file, string actual)
    {
        var path = Path.Combine(Vectors.Root, file);
        if (Rewriting)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }
        Assert.True(File.Exists(path), $"{file} is missing: run the tests with CONCLAVE_REWRITE=1 and look at the difference.");
        Assert.Equal(File.ReadAllText(path), actual, ignoreLineEndingDifferences: true);
    }

    /// <summary>Compares the part of a file between <c>&lt;!-- name --&gt;</c> and <c>&lt;!-- /name --&gt;</c>.</summary>
    public static void ComparePart(string file, string name, string actual)
    {
        var text = Repository.Read(file);
        var (open, close) = ($"<!-- {name} -->\n", $"<!-- /{name} -->");
        var from = text.IndexOf(open, StringComparison.Ordinal);
        var to = text.IndexOf(close, StringComparison.Ordinal);
        Assert.True(from >= 0 && to > from, $"{file} has no part {name}.");
        from += open.Length;
        if (Rewriting)
        {
            File.WriteAllText(Path.Combine(Vectors.Root, file), text[..from] + actual + text[to..]);
            return;
        }
        Assert.Equal(text[from..to], actual);
    }
}
