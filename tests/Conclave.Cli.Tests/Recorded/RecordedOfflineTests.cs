namespace Conclave.Cli.Tests.Recorded;

/// <summary>Recorded commands that need no agent.</summary>
public sealed class RecordedOfflineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Help_names_every_recorded_flag_and_subcommand() =>
        // Verbs that are refused have no flags of their own to name.
        PlayAsync("help", recorded => !(recorded.Arguments[0] is "login" or "logout" or "acl" && recorded.Usage!.Flags.Length > 0));

    [Fact]
    public Task Wrong_starts_answer_as_recorded() => PlayAsync("agent-start", _ => true);

    [Fact]
    public Task Validate_answers_as_recorded()
    {
        _folder.File("ok.json", """{"data_dir":"/tmp/x"}""");
        _folder.File("syn.json", """{"a":""");
        _folder.File("nodir.json", "{}");
        _folder.File("bx.json", """{"data_dir":"/tmp/x","server":true,"bootstrap":true,"bootstrap_expect":3}""");
        return PlayAsync("validate", _ => true);
    }

    [Fact]
    public async Task A_valid_file_is_said_to_be_valid()
    {
        _folder.File("ok.hcl", "data_dir = \"/tmp/x\"\n");
        Assert.Equal(new CommandResult(0, "Configuration is valid!\n", ""), await CommandRunner.RunAsync(_folder.Path, null, null, "validate", "ok.hcl"));
    }

    [Fact]
    public async Task Keys_have_32_bytes() =>
        Assert.Equal(32, Convert.FromBase64String((await CommandRunner.RunAsync(_folder.Path, null, null, "keygen")).Out.Trim()).Length);

    [Theory]
    [InlineData()]
    [InlineData("nosuch")]
    [InlineData("nosuch", "sub")]
    public async Task Unknown_verbs_exit_127_with_usage_on_stderr(params string[] arguments)
    {
        var result = await CommandRunner.RunAsync(_folder.Path, null, null, arguments);
        Assert.Equal((127, ""), (result.Exit, result.Out));
        Assert.StartsWith("Usage: consul [--version] [--help] <command> [<args>]\n", result.Error);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("-v")]
    [InlineData("--version")]
    public async Task The_version_is_on_the_first_line(string argument) =>
        Assert.Matches("^Consul v1\\.10\\.\\d+\nProtocol 2 spoken by default, understands 2 to 3 ", (await CommandRunner.RunAsync(_folder.Path, null, null, argument)).Out);

    private async Task PlayAsync(string file, Func<RecordedCommand, bool> wanted)
    {
        var (differences, played) = (new List<string>(), 0);
        foreach (var recorded in RecordedCommand.Read(file).Where(wanted))
        {
            var result = await CommandRunner.RunAsync(_folder.Path, "127.0.0.1:1", recorded.Input, recorded.Arguments);
            if (Comparison.Difference(recorded, result) is { } difference) differences.Add(difference);
            played++;
        }
        Assert.True(played > 0);
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }
}
