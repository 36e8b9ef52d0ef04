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
        if (Environment.GetEnvironmentVariable("CONCLAVE_GOLDEN") == "write") File.WriteAllText(file, played);
        else Assert.Equal(recorded, played);
    }
}
