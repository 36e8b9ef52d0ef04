namespace Conclave.Raft.Tests;

public class ScenarioTests
{
    private static string Folder => Path.Combine(Conclave.Tests.Vectors.Root, "tests", "Conclave.Raft.Tests", "Scenarios");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "*.txt").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Conversation_is_as_recorded(string name)
    {
        string file = Path.Combine(Folder, name), recorded = File.ReadAllText(file);
        string played = ScenarioRunner.Play(recorded);
        if (Environment.GetEnvironmentVariable("CONCLAVE_REWRITE") == "1") File.WriteAllText(file, played);
        else Assert.Equal(recorded, played);
    }

    // A rule that is left out must not go unnoticed: its scenario ends differently, or a check of the cluster fails.
    [Theory]
    [InlineData("CommitsOldTerms", "leader-completeness-figure-8.txt")]
    [InlineData("CountsNonvoters", "nonvoters-do-not-count.txt")]
    [InlineData("CommitsUnvouched", "log-matching.txt")]
    [InlineData("ReadsBeforeOwnTerm", "read-index.txt")]
    [InlineData("ReadsWithoutRound", "read-index.txt")]
    [InlineData("ChangesManyVoters", "configuration-waits-for-the-own-term.txt")]
    [InlineData("LeaseNeverEnds", "lease-ends-with-silence-and-with-a-pause.txt")]
    public void Scenario_notices_a_rule_that_is_left_out(string flaw, string name)
    {
        string recorded = File.ReadAllText(Path.Combine(Folder, name));
        string? played;
        try
        {
            played = ScenarioRunner.Play(recorded, Enum.Parse<RaftFlaw>(flaw));
        }
        catch (Xunit.Sdk.XunitException)
        {
            played = null;
        }
        Assert.NotEqual(recorded, played);
    }
}
