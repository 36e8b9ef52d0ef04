using System.Globalization;
using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>What came of a run.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Events">Events that happened.</param>
/// <param name="Time">Virtual time that passed.</param>
/// <param name="Digest">Hash over all events.</param>
/// <param name="Failure">What went wrong, or null.</param>
/// <param name="Faults">Faults by kind.</param>
/// <param name="Marks">Rare places by name.</param>
/// <param name="Plan">What was done to it.</param>
internal sealed record RunResult(
    ulong Seed,
    long Events,
    TimeSpan Time,
    ulong Digest,
    SimFailure? Failure,
    IReadOnlyDictionary<string, long> Faults,
    IReadOnlyDictionary<string, long> Marks,
    IReadOnlyList<PlanItem> Plan)
{
    /// <summary>The line that says how to see it again.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}  events {Events}  time {Time.TotalSeconds:F3} s  digest {Digest:x16}  {(Failure is null ? "ok" : $"{Failure.Kind.ToString().ToUpperInvariant()} {Failure.Text}")}");
}

/// <summary>Runs a scenario with a seed.</summary>
internal static class Simulator
{
    /// <summary>Runs once.</summary>
    /// <param name="scenario">What.</param>
    /// <param name="seed">With which chance.</param>
    /// <param name="options">With which choices.</param>
    /// <param name="plan">A plan other than the seed's own, for the shrinker.</param>
    /// <param name="until">Stop after this event.</param>
    /// <param name="live">Where the trace is written as it comes.</param>
    public static RunResult Run(IScenario scenario, ulong seed, ScenarioOptions options, IReadOnlyList<PlanItem>? plan = null, long until = long.MaxValue, TextWriter? live = null)
    {
        var world = new SimWorld(seed) { StopAfter = until };
        world.Trace.Live = live;
        plan ??= scenario.MakePlan(seed, options);
        SimFailure? failure = null;
        try
        {
            scenario.Run(world, plan, options);
        }
        catch (SimStop)
        {
            world.Trace.Add(world.Now, "stopped after event {a}", world.EventCount);
        }
        catch (SimFailureException found)
        {
            failure = new SimFailure(found.Kind, found.Checker, found.Message, world.Trace.Dump());
        }
        // Whatever comes out of the code under test is what the simulator is for: it ends this run and is reported with its seed.
        catch (Exception crash)
        {
            failure = new SimFailure(FailureKind.Crash, crash.GetType().Name, crash.ToString(), world.Trace.Dump());
        }
        return new RunResult(seed, world.EventCount, world.Now - new Instant(0), world.Digest, failure, world.Faults, world.Marks, plan);
    }
}

/// <summary>Makes the plan of a failing run smaller while the failure stays the same one.</summary>
internal static class Shrinker
{
    /// <summary>Leaves out halves, quarters, … single items as long as the same checker fails; at most <paramref name="runsMax"/> runs.</summary>
    public static RunResult Shrink(IScenario scenario, RunResult failed, ScenarioOptions options, int runsMax = 400)
    {
        var best = failed;
        int runs = 0;
        for (int chunk = Math.Max(1, best.Plan.Count / 2); ; chunk /= 2)
        {
            bool smaller = true;
            while (smaller)
            {
                smaller = false;
                for (int from = 0; from < best.Plan.Count && runs < runsMax;)
                {
                    var left = best.Plan.Take(from).Concat(best.Plan.Skip(from + chunk)).ToList();
                    var result = Simulator.Run(scenario, failed.Seed, options, left);
                    runs++;
                    if (result.Failure is { } failure && failure.Kind == failed.Failure!.Kind && failure.Checker == failed.Failure.Checker)
                    {
                        best = result;
                        smaller = true;
                    }
                    else from += chunk;
                }
            }
            if (chunk <= 1 || runs >= runsMax) return best;
        }
    }
}
