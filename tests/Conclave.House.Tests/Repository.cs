using System.Diagnostics;
using System.Xml.Linq;

namespace Conclave.Tests.House;

/// <summary>The checkout as git sees it: tracked files and those that would be added.</summary>
internal static class Repository
{
    /// <summary>Paths relative to the root, with forward slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>Files that people write, as opposed to recorded data.</summary>
    public static IEnumerable<string> Written => Files.Where(file => !file.StartsWith("tests/data/", StringComparison.Ordinal) && file != "LICENSE");

    public static IEnumerable<string> Projects => Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Vectors.Root, file));

    public static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    /// <summary>Names of the projects that a project file refers to.</summary>
    public static IEnumerable<string> ReferencesOf(string project) =>
        XDocument.Parse(Read(project)).Descendants("ProjectReference").Select(item => NameOf(item.Attribute("Include")!.Value.Replace('\\', '/')));

    private static List<string> ListFiles()
    {
        var start = new ProcessStartInfo("git", "ls-files --cached --others --exclude-standard -z")
        {
            WorkingDirectory = Vectors.Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode != 0) throw new InvalidOperationException($"git ls-files ended with {git.ExitCode}.");
        var files = output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Distinct()
            .Where(file => File.Exists(Path.Combine(Vectors.Root, file)))
            .ToList();
        files.Sort(StringComparer.Ordinal);
        return files;
    }
}
