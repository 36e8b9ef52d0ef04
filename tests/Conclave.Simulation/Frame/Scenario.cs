namespace Conclave.Simulation;

/// <summary>What can be chosen about a run besides its seed.</summary>
internal sealed record ScenarioOptions
{
    /// <summary>Number of nodes; null for whatever the seed draws.</summary>
    public int? Nodes { get; init; }

    /// <summary>Name of a planted bug, or null.</summary>
    public string? Mutation { get; init; }
}

/// <summary>
/// A world to be simulated. Has no state of its own: everything of a run hangs on the <see cref="SimWorld"/>, so one object serves all runs on all threads.
/// </summary>
internal interface IScenario
{
    string Name { get; }

    /// <summary>Bugs that can be planted, each for a checker that must find it.</summary>
    IReadOnlyList<string> Mutations { get; }

    /// <summary>What is done to the run with this seed: a function of the seed and the options alone.</summary>
    List<PlanItem> MakePlan(ulong seed, ScenarioOptions options);

    /// <summary>Runs to the end with this plan or a part of it. Throws <see cref="SimFailureException"/> when a checker finds something.</summary>
    void Run(SimWorld world, IReadOnlyList<PlanItem> plan, ScenarioOptions options);

    /// <summary>An item in words.</summary>
    string Describe(in PlanItem item);
}
