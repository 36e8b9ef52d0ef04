using System.Runtime.InteropServices;

namespace Conclave.Load;

/// <summary>The checkout that this program was built from, if it still runs inside one.</summary>
internal static class Checkout
{
    public static string? Root { get; } = FindRoot();

    /// <summary>The published program, else the built one, else null.</summary>
    public static string? FindBinary()
    {
        if (Root is null) return null;
        var output = Path.Combine(Root, "src", "Conclave.Cli", "bin", "Release", "net10.0");
        string[] candidates = [Path.Combine(output, RuntimeInformation.RuntimeIdentifier, "publish", "conclave"), Path.Combine(output, "conclave")];
        return Array.Find(candidates, File.Exists);
    }

    private static string? FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Engine.sln"))) return folder.FullName;
        return null;
    }
}
