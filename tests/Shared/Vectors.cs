using System.Runtime.CompilerServices;

namespace Conclave.Tests;

/// <summary>Finds the recorded test data of this repository (tests/data), wherever the test binary runs from.</summary>
internal static class Vectors
{
    /// <summary>Path of a file or folder below <c>tests/data</c>.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, "tests", "data", .. parts]);

    /// <summary>Root folder of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot([CallerFilePath] string source = "")
    {
        foreach (var start in (string[])[AppContext.BaseDirectory, source])
            for (var folder = new DirectoryInfo(System.IO.Path.GetDirectoryName(start)!); folder is not null; folder = folder.Parent)
                if (File.Exists(System.IO.Path.Combine(folder.FullName, "Engine.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("Engine.sln was not found above the test binary.");
    }
}
