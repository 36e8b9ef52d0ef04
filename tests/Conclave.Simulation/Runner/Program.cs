using Conclave.Simulation.Gossip;

namespace Conclave.Simulation;

/// <summary>The runner. Its exit code is that of the first failure's <see cref="FailureKind"/>.</summary>
internal static class Program
{
    private const int WrongArguments = 2;

    private static int Main(string[] arguments)
    {
        if (RunnerOptions.Parse(arguments, out string error) is not { } options)
        {
            Console.Error.WriteLine(error);
            Console.Error.WriteLine(RunnerOptions.Usage);
            return WrongArguments;
        }
        if (options.List) return List();
        if (options.Sweep.Count > 0 || options.Draw is not null) return Sweep(options);
        if (ScenarioList.Find(options.Scenario) is not { } scenario)
        {
            Console.Error.WriteLine($"There is no scenario {options.Scenario}.");
            return WrongArguments;
        }
        var choices = new ScenarioOptions { Nodes = options.Nodes, Mutation = options.Mutation };
        return options.Seed is { } seed ? RunOne(scenario, seed, choices, options) : RunMany(scenario, choices, options);
    }

    private static int List()
    {
        foreach (var scenario in ScenarioList.All)
        {
            Console.WriteLine(scenario.Name);
            foreach (string mutation in scenario.Mutations) Console.WriteLine("  " + mutation);
        }
        return 0;
    }

    private static int Sweep(RunnerOptions options)
    {
        PoolSweep.Run(options.Sweep, options.Seed ?? options.First, options.Results);
        if (options.Draw is not null) PoolSweep.Draw(options.Results, options.Draw);
        return 0;
    }

    private static int RunOne(IScenario scenario, ulong seed, ScenarioOptions choices, RunnerOptions options)
    {
        var result = Simulator.Run(scenario, seed, choices, until: options.Until, live: options.Trace ? Console.Out : null);
        if (result.Failure is { } failure)
        {
            Console.WriteLine(failure.Trace);
            if (options.Shrink) result = Shrinker.Shrink(scenario, result, choices);
            Console.WriteLine($"plan ({result.Plan.Count} items):");
            foreach (var item in result.Plan) Console.WriteLine("  " + scenario.Describe(item));
        }
        Console.WriteLine(result);
        return (int)(result.Failure?.Kind ?? FailureKind.None);
    }

    private static int RunMany(IScenario scenario, ScenarioOptions choices, RunnerOptions options)
    {
        var campaign = new Campaign(scenario, choices)
        {
            FailuresMax = options.FailuresMax,
            OnResult = result =>
            {
                if (options.Digests || result.Failure is not null) Console.WriteLine(result);
            },
        };
        campaign.Run(options.First, options.Seeds, options.Jobs, options.Time, options.VerifyPercent);
        Console.Write(campaign.Summary());
        if (options.Record is { } file) File.AppendAllText(file, campaign.Record(options.First, options.Seeds, DateTime.UtcNow) + "\n");
        if (!campaign.Failures.TryPeek(out var first)) return 0;
        if (options.Shrink)
        {
            var small = Shrinker.Shrink(scenario, first, choices);
            Console.WriteLine($"smallest plan of seed {first.Seed} ({small.Plan.Count} of {first.Plan.Count} items):");
            foreach (var item in small.Plan) Console.WriteLine("  " + scenario.Describe(item));
        }
        Console.WriteLine($"again: dotnet run -c Release --project tests/Conclave.Simulation -- --scenario {scenario.Name} --seed {first.Seed}{(choices.Mutation is null ? "" : " --mutation " + choices.Mutation)}");
        return (int)first.Failure!.Kind;
    }
}
