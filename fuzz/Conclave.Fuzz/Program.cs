using System.Diagnostics;
using System.Globalization;

namespace Conclave.Fuzz;

/// <summary>
/// <c>conclave-fuzz TARGET [--seconds N | --runs N] [--seed S] [--keep]</c>, or <c>TARGET --input FILE</c> to run one kept input again. With <c>--keep</c> inputs with ends
/// not seen before join the corpus.
/// </summary>
internal static class Program
{
    private const int FoundFailure = 1, WrongUsage = 2;

    private static int Main(string[] arguments)
    {
        var target = arguments.Length > 0 ? FuzzTarget.All.FirstOrDefault(t => t.Name == arguments[0]) : null;
        if (target is null)
        {
            Console.Error.WriteLine($"usage: TARGET [--seconds N | --runs N] [--seed S] [--keep] [--input FILE]; targets: {string.Join(", ", FuzzTarget.All.Select(t => t.Name))}");
            return WrongUsage;
        }
        if (Option(arguments, "--input") is { } file) return Report(target, FuzzRunner.Try(target, File.ReadAllBytes(file)) is { } problem ? new(0, File.ReadAllBytes(file), problem) : null, 1, 0);

        int seconds = int.Parse(Option(arguments, "--seconds") ?? "10", CultureInfo.InvariantCulture);
        ulong seed = ulong.Parse(Option(arguments, "--seed") ?? "1", CultureInfo.InvariantCulture);
        long runsWanted = long.Parse(Option(arguments, "--runs") ?? "0", CultureInfo.InvariantCulture);
        string root = RootFolder();
        List<byte[]> seeds = [.. target.Seeds(Path.Combine(root, "tests", "data", "vectors")), .. KeptCorpus.Read(root, target.Name)], found = [];
        var watch = Stopwatch.StartNew();
        var failure = FuzzRunner.Run(target, seeds, seed, n => runsWanted > 0 ? n >= runsWanted : watch.Elapsed.TotalSeconds >= seconds, out long runs, found);
        if (found.Count > 0) Console.WriteLine($"{target.Name}: {found.Count} inputs with ends not seen before");
        if (arguments.Contains("--keep")) Console.WriteLine($"{target.Name}: {KeptCorpus.Add(root, target.Name, found)} inputs in the corpus");
        return Report(target, failure, runs, seed);
    }

    private static int Report(FuzzTarget target, FuzzFailure? failure, long runs, ulong seed)
    {
        if (failure is null)
        {
            Console.WriteLine($"{target.Name}: {runs} inputs, seed {seed}: nothing found");
            return 0;
        }
        string kept = Path.Combine(Path.GetTempPath(), $"fuzz-{target.Name}-{seed}-{failure.Run}.bin");
        File.WriteAllBytes(kept, failure.Input);
        Console.WriteLine($"{target.Name}: seed {seed}, input {failure.Run}, kept as {kept}");
        Console.WriteLine(failure.Problem);
        return FoundFailure;
    }

    private static string? Option(string[] arguments, string name)
    {
        int at = Array.IndexOf(arguments, name);
        return at > 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;
    }

    private static string RootFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Engine.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("Engine.sln was not found above the program.");
    }
}
