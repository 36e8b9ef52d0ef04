using System.Text.RegularExpressions;

namespace Conclave.Tests.House;

/// <summary>The levels as <c>docs/architecture.md</c> draws them: lines of the form <c>L1  Conclave.Raft  Conclave.State</c>.</summary>
internal static partial class Levels
{
    public static IReadOnlyDictionary<string, int> ByProject { get; } = Read();

    private static Dictionary<string, int> Read()
    {
        var levels = new Dictionary<string, int>();
        foreach (Match line in LevelLine().Matches(Repository.Read("docs/architecture.md")))
            foreach (Match project in ProjectName().Matches(line.Groups["projects"].Value))
                levels.Add(project.Value, int.Parse(line.Groups["level"].Value));
        return levels;
    }

    [GeneratedRegex(@"^L(?<level>\d)\s+(?<projects>Conclave\..*)$", RegexOptions.Multiline)]
    private static partial Regex LevelLine();

    [GeneratedRegex(@"\bConclave\.[A-Za-z]+\b")]
    private static partial Regex ProjectName();
}
