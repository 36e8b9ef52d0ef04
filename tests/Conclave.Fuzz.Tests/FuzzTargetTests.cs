using Conclave.Tests;

namespace Conclave.Fuzz.Tests;

/// <summary>A short, repeatable run of every fuzz target; the program runs them for longer with other seeds.</summary>
public class FuzzTargetTests
{
    private const int Inputs = 3000;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Nothing_breaks_a_promise(string name)
    {
        var target = FuzzTarget.All.Single(t => t.Name == name);
        List<byte[]> seeds = [.. target.Seeds(Vectors.Path("vectors")), .. KeptCorpus.Read(Vectors.Root, name)];
        Assert.NotEmpty(seeds);
        var failure = FuzzRunner.Run(target, seeds, seed: 1, runs => runs >= Inputs, out long runs);
        Assert.True(failure is null, $"input {failure?.Run}: {failure?.Problem} for {Convert.ToHexString(failure?.Input ?? [])}");
        Assert.Equal(Inputs, runs);
    }

    [Fact]
    public void A_broken_promise_is_found_and_can_be_had_again()
    {
        var target = new FuzzTarget("broken", data => { if (data.Contains((byte)0xc1)) throw new InvalidOperationException(); }, _ => [[1, 2, 3]]);
        var first = FuzzRunner.Run(target, [[1, 2, 3]], seed: 5, runs => runs >= 100_000, out _);
        var second = FuzzRunner.Run(target, [[1, 2, 3]], seed: 5, runs => runs >= 100_000, out _);
        Assert.NotNull(first);
        Assert.Equal(first.Run, second!.Run);
        Assert.Equal(first.Input, second.Input);
        Assert.IsType<InvalidOperationException>(FuzzRunner.Try(target, first.Input));
    }
}
