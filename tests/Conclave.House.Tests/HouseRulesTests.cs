using System.Text.RegularExpressions;

namespace Conclave.Tests.House;

/// <summary>What a newcomer may rely on when opening the repository.</summary>
public sealed partial class HouseRulesTests
{
    private static readonly string[] s_topLevel =
    [
        ".ci", ".editorconfig", ".gitignore", "CHANGELOG.md", "Directory.Build.props", "Directory.Packages.props", "Engine.sln", "LICENSE", "README.md",
        "benchmarks", "docs", "fuzz", "global.json", "src", "tests",
    ];

    // Spelled in pieces, so that this file does not contain what it looks for.
    private static readonly string[] s_foreignWords =
    [
        "/wo" + "rk/wt", "/wo" + "rk/main", "/wo" + "rk/shared", "bash_" + "jobs", "Clau" + "de", "Anthro" + "pic", "Chat" + "GPT", "issu" + "es show", "sub" + "agent",
        "../sha" + "red/", "To" + "do:", "TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception",
    ];

    [Fact]
    public void Top_level_holds_only_the_known_entries()
    {
        var entries = Repository.Files.Select(file => file.Split('/')[0]).Distinct();
        Assert.Empty(entries.Except(s_topLevel));
    }

    [Fact]
    public void Written_files_speak_of_the_project_alone()
    {
        var found = from file in Repository.Written
                    let text = Repository.Read(file)
                    from word in s_foreignWords
                    where text.Contains(word, StringComparison.Ordinal)
                    select $"{file}: {word}";
        Assert.Empty(found);
    }

    [Fact]
    public void Written_files_name_no_tracker_entries()
    {
        var found = from file in Repository.Written
                    from Match match in TrackerEntry().Matches(Repository.Read(file))
                    select $"{file}: {match.Value}";
        Assert.Empty(found);
    }

    [Fact]
    public void No_test_is_switched_off()
    {
        var found = from file in Repository.Written
                    where file.StartsWith("tests/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal)
                    where SwitchedOff().IsMatch(Repository.Read(file))
                    select file;
        Assert.Empty(found);
    }

    [Fact]
    public void Warnings_are_switched_off_for_missing_documentation_only()
    {
        var found = from file in Repository.Written
                    where file.EndsWith(".cs", StringComparison.Ordinal)
                    from Match match in PragmaDisable().Matches(Repository.Read(file))
                    where !match.Groups["what"].Value.TrimStart().StartsWith("CS1591 ", StringComparison.Ordinal) && match.Groups["what"].Value.Trim() != "CS1591"
                    select $"{file}: {match.Value.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("Engine.sln").Replace('\\', '/');
        Assert.All(Repository.Projects, project => Assert.Contains($"\"{project}\"", solution));
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps()
    {
        var names = Repository.Files.Where(file => file.StartsWith("docs/decisions/", StringComparison.Ordinal)).Select(file => file["docs/decisions/".Length..]).ToList();
        Assert.NotEmpty(names);
        for (var i = 0; i < names.Count; i++)
        {
            Assert.Matches($@"^{i + 1:0000}-[a-z0-9-]+\.md$", names[i]);
            Assert.StartsWith($"# {i + 1:0000}: ", Repository.Read($"docs/decisions/{names[i]}"));
        }
    }

    [Fact]
    public void Continuous_integration_runs_the_command_of_the_readme()
    {
        var command = TestCommand().Match(Repository.Read("README.md"));
        Assert.True(command.Success, "README.md names no `dotnet test` command.");
        Assert.Contains($"\n{command.Value} ", Repository.Read(".ci/run"));
    }

    [Fact]
    public void Licence_is_the_one_that_the_packages_name()
    {
        Assert.Contains("Apache License", Repository.Read("LICENSE"));
        Assert.Contains("<PackageLicenseExpression>Apache-2.0</PackageLicenseExpression>", Repository.Read("Directory.Build.props"));
    }

    [GeneratedRegex(@"\b[Ii]ssues?\s+#?\d+")]
    private static partial Regex TrackerEntry();

    [GeneratedRegex(@"\b(Fact|Theory|InlineData)\([^)]*Skip\s*=|Assert\.Skip")]
    private static partial Regex SwitchedOff();

    [GeneratedRegex(@"#pragma\ warning\ disable(?<what>[^\r\n]*)")]
    private static partial Regex PragmaDisable();

    [GeneratedRegex(@"^dotnet test .*$", RegexOptions.Multiline)]
    private static partial Regex TestCommand();
}
