using System.Diagnostics;
using System.Globalization;

namespace Conclave.Fuzz;

/// <summary><c>conclave-fuzz TARGET [--seconds N] [--seed S]</c>, or <c>TARGET --input FILE</c> to run one kept input again.</summary>
internal static class Program
{
    private const int FoundFailure = 1, WrongUsage = 2;

    private static int Main(string[] arguments)
    {
        var target = arguments.Length > 0 ? FuzzTarget.All.FirstOrDefault(t => t.Name == arguments[0]) : null;
        if (target is null)
        {
            Console.Error.WriteLine($"usage: TARGET [--seconds N] [--seed S] [--input FILE]; targets: {string.Join(", ", FuzzTarget.All.Select(t => t.Name))}");
            return WrongUsage;
        }
        if (Option(arguments, "--input") is { } file) return Report(target, FuzzRunner.Try(target, File.ReadAllBytes(file)) is { } problem ? new(0, File.ReadAllBytes(file), problem) : null, 1, 0);

        int seconds = int.Parse(Option(arguments, "--seconds") ?? "10", CultureInfo.InvariantCulture);
        ulong seed = ulong.Parse(Option(arguments, "--seed") ?? "1", CultureInfo.InvariantCulture);
        var seeds = target.Seeds(VectorFolder()).ToList();
        var watch = Stopwatch.StartNew();
        var failure = FuzzRunner.Run(target, seeds, seed, _ => watch.Elapsed.TotalSeconds >= seconds, out long runs);
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

    private static string VectorFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Engine.sln"))) return Path.Combine(folder.FullName, "tests", "data", "vectors");
        throw new DirectoryNotFoundException("Engine.sln was not found above the program.");
    }
}
