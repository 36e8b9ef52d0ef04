using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conclave.Cli.Tests.Recorded;

/// <summary>Verbs about members against answers rebuilt from the recordings: what is printed must be the recorded text, byte for byte.</summary>
public sealed class RecordedMembersTests : IDisposable
{
    private static readonly string[] Statuses = ["none", "alive", "leaving", "left", "failed"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Members_are_printed_as_recorded()
    {
        var tags = TagsByName();
        int played = 0;
        foreach (var recorded in RecordedCommand.Read("members").Concat(RecordedCommand.Read("lifecycle")).Where(static recorded => recorded.Arguments[0] == "members" && recorded.Exit == 0))
        {
            using var agent = new CannedAgent(_ => (200, Members(recorded.Out, tags)));
            Assert.Equal(new CommandResult(0, recorded.Out, ""), await CommandRunner.RunAsync(_folder.Path, agent.Address, null, recorded.Arguments));
            played++;
        }
        Assert.True(played >= 7);
    }

    [Fact]
    public async Task Joins_are_printed_as_recorded()
    {
        foreach (var recorded in RecordedCommand.Read("join"))
        {
            using var agent = new CannedAgent(asked => asked switch
            {
                "PUT /v1/agent/join/127.14.1.88" => (500, "1 error occurred:\n\t* Failed to join 127.14.1.88:8301: dial tcp 127.14.1.88:8301: connect: connection refused\n\n"),
                "PUT /v1/agent/join/127.14.1.2?wan=1" when recorded.Exit != 0 => (500, "Must be a server to join WAN cluster"),
                _ => (200, ""),
            });
            Assert.Equal(new CommandResult(recorded.Exit!.Value, recorded.Out, recorded.Error), await CommandRunner.RunAsync(_folder.Path, agent.Address, null, recorded.Arguments));
        }
    }

    [Fact]
    public async Task Leaving_and_forcing_out_are_printed_as_recorded()
    {
        var verbs = RecordedCommand.Read("lifecycle").Where(static recorded => recorded.Arguments[0] is "leave" or "force-leave" && recorded.Exit == 0).ToList();
        using var agent = new CannedAgent(static _ => (200, ""));
        foreach (var recorded in verbs) Assert.Equal(new CommandResult(0, recorded.Out, recorded.Error), await CommandRunner.RunAsync(_folder.Path, agent.Address, null, recorded.Arguments));
        Assert.Equal(["PUT /v1/agent/leave", "PUT /v1/agent/force-leave/s3", "PUT /v1/agent/force-leave/s3?prune=1", "PUT /v1/agent/force-leave/s2"], agent.Asked);
    }

    /// <summary>The tags of every recorded member: the long form of the list has them.</summary>
    private static Dictionary<string, Dictionary<string, string>> TagsByName()
    {
        string detailed = RecordedCommand.Read("members").Single(static recorded => recorded.Arguments.Contains("-detailed")).Out;
        return Regex.Matches(detailed, "(?m)^(\\w+) +\\S+ +\\w+ +(\\S+=\\S+)$").ToDictionary(
            static row => row.Groups[1].Value,
            static row => row.Groups[2].Value.Split(',').Select(static tag => tag.Split('=', 2)).ToDictionary(static tag => tag[0], static tag => tag[0] == "segment" ? "" : tag[1]));
    }

    /// <summary>The answer that leads to a recorded list, in another order: sorting is the verb's work.</summary>
    private static string Members(string shown, Dictionary<string, Dictionary<string, string>> tags) => JsonSerializer.Serialize(
        Regex.Matches(shown, "(?m)^([a-z]\\d) +([0-9.]+):(\\d+) +(\\w+) ").Reverse().Select(row => new
        {
            Name = row.Groups[1].Value,
            Addr = row.Groups[2].Value,
            Port = int.Parse(row.Groups[3].Value, CultureInfo.InvariantCulture),
            Tags = tags[row.Groups[1].Value],
            Status = Array.IndexOf(Statuses, row.Groups[4].Value),
        }));
}
