using Conclave.Cli.Flags;

namespace Conclave.Cli.Tests.Flags;

public sealed class FlagSetTests
{
    private readonly List<string> _seen = [];

    private FlagSet Set()
    {
        var flags = new FlagSet();
        flags.Switch("on", value => _seen.Add($"on={value}"), "");
        flags.Text("name", value => _seen.Add($"name={value}"), "");
        flags.Integer("n", value => _seen.Add($"n={value}"), "");
        flags.Duration("for", value => _seen.Add($"for={value}"), "");
        flags.Several("tag", _seen, "");
        return flags;
    }

    [Theory]
    [InlineData("-name x -on rest", "name=x,on=True", "rest")]
    [InlineData("-name=x --on=false", "name=x,on=False", "")]
    [InlineData("--name x --n=-3", "name=x,n=-3", "")]
    [InlineData("-name= -on", "name=,on=True", "")]
    [InlineData("-tag a -tag=b", "a,b", "")]
    [InlineData("-on false", "on=True", "false")]
    [InlineData("word -on", "", "word,-on")]
    [InlineData("-on -- -name x", "on=True", "-name,x")]
    [InlineData("-name -on", "name=-on", "")]
    [InlineData("-on - -name", "on=True", "-,-name")]
    [InlineData("-for 1m30s", "for=00:01:30", "")]
    public void Forms_are_read_as_go_reads_them(string line, string seen, string rest)
    {
        var words = Set().Parse(line.Split(' '));
        Assert.Equal(seen, string.Join(',', _seen));
        Assert.Equal(rest, string.Join(',', words));
    }

    [Theory]
    [InlineData("-nosuch", "flag provided but not defined: -nosuch")]
    [InlineData("--nosuch=1", "flag provided but not defined: -nosuch")]
    [InlineData("-name", "flag needs an argument: -name")]
    [InlineData("-n x", "invalid value \"x\" for flag -n: parse error")]
    [InlineData("-on=maybe", "invalid boolean value \"maybe\" for -on: parse error")]
    [InlineData("---on", "bad flag syntax: ---on")]
    [InlineData("-=x", "bad flag syntax: -=x")]
    public void Errors_are_gos(string line, string message) =>
        Assert.Equal(message, Assert.Throws<FlagException>(() => Set().Parse(line.Split(' '))).Message);

    [Fact]
    public async Task A_wrong_number_of_the_agent_is_explained()
    {
        var result = await CommandRunner.RunAsync("", null, null, "agent", "-http-port=abc");
        Assert.Equal(1, result.Exit);
        Assert.StartsWith("invalid value \"abc\" for flag -http-port: strconv.ParseInt: parsing \"abc\": invalid syntax\nUsage:\n", result.Error);
    }
}
