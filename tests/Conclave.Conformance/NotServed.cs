using Conclave.Conformance.Player;

namespace Conclave.Conformance;

/// <summary>The cases of features that are not served yet, from <c>not-served.txt</c>: one per line, <c>#</c> begins a comment.</summary>
internal static class NotServed
{
    public static string File { get; } = Path.Combine(Tests.Vectors.Root, "tests", "Conclave.Conformance", "not-served.txt");

    public static IReadOnlySet<string> Cases { get; } = Read().ToHashSet();

    public static IEnumerable<string> Read() =>
        System.IO.File.ReadLines(File).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0);

    /// <summary>The verdict on a case: one that is served must pass, one that is listed must not.</summary>
    public static string? Judge(ConformanceCase one, string? failure)
    {
        if (!Cases.Contains(one.Id)) return failure;
        return failure is null ? $"{one.Id} passes now: take it out of not-served.txt." : null;
    }
}
