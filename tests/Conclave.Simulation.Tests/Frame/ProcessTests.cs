using System.Diagnostics;

namespace Conclave.Simulation.Tests;

/// <summary>A seed is the same in every process, and the runner says what happened.</summary>
public sealed class ProcessTests
{
    private const int Seeds = 3;

    [Theory]
    [InlineData("gossip")]
    [InlineData("cluster")]
    public void Another_process_has_the_same_digests(string name)
    {
        var (output, exitCode) = RunRunner("--scenario", name, "--seeds", $"{Seeds}", "--jobs", "1", "--verify", "0", "--digests");
        Assert.Equal(0, exitCode);
        var scenario = ScenarioList.Find(name)!;
        for (ulong seed = 1; seed <= Seeds; seed++) Assert.Contains(Simulator.Run(scenario, seed, new ScenarioOptions()).ToString(), output);
    }

    [Fact]
    public void A_failure_ends_the_runner_with_the_code_of_its_kind()
    {
        var (output, exitCode) = RunRunner("--scenario", "echo", "--seed", "1", "--mutation", "no-healing");
        Assert.Equal((int)FailureKind.Liveness, exitCode);
        Assert.Contains("LIVENESS answers", output);
    }

    [Fact]
    public void An_unknown_argument_is_refused()
    {
        var (_, exitCode) = RunRunner("--sedes", "3");
        Assert.Equal(2, exitCode);
    }

    private static (string Output, int ExitCode) RunRunner(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Conclave.Simulation.dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        errors.GetAwaiter().GetResult();
        return (output, process.ExitCode);
    }
}
