using System.Globalization;

namespace Conclave.Simulation;

/// <summary>The command line.</summary>
internal sealed record RunnerOptions
{
    public const string Usage = """
        Runs simulations. Time, chance, network and faults are virtual; a seed decides all of it.

          --scenario NAME   which (default gossip)
          --seeds N         run N seeds (default 100)
          --first S         beginning with this one (default 1)
          --seed S          run this one, and print the trace when it fails
          --until E         stop it after event E
          --trace           print every line of the trace
          --nodes N         number of nodes (default: the seed draws it)
          --jobs K          threads (default: processors)
          --seconds T       stop after T seconds
          --failures K      stop after K failing seeds (default 10)
          --record FILE     append what came of the campaign as one line of JSON
          --verify P        percent of the seeds that are run twice (default 5)
          --mutation NAME   plant a bug
          --list            print scenarios and the bugs that can be planted
          --shrink          make the plan of a failing seed smaller
          --digests         print one line for each seed

          --sweep N,N,...   measure gossip pools of these sizes without faults
          --results FILE    where the measurements are appended, and drawn from (default benchmarks/results/gossip-simulated.jsonl)
          --draw FOLDER     draw the measurements as pictures into this folder
        """;

    public string Scenario { get; init; } = "gossip";

    public long Seeds { get; init; } = 100;

    public ulong First { get; init; } = 1;

    public ulong? Seed { get; init; }

    public long Until { get; init; } = long.MaxValue;

    public bool Trace { get; init; }

    public int? Nodes { get; init; }

    public int Jobs { get; init; } = Environment.ProcessorCount;

    public int FailuresMax { get; init; } = 10;

    public string? Record { get; init; }

    public TimeSpan Time { get; init; } = TimeSpan.MaxValue;

    public int VerifyPercent { get; init; } = 5;

    public string? Mutation { get; init; }

    public bool List { get; init; }

    public bool Shrink { get; init; }

    public bool Digests { get; init; }

    public IReadOnlyList<int> Sweep { get; init; } = [];

    public string Results { get; init; } = "benchmarks/results/gossip-simulated.jsonl";

    public string? Draw { get; init; }

    /// <summary>Reads the arguments; null and a reason when they are wrong.</summary>
    public static RunnerOptions? Parse(string[] arguments, out string error)
    {
        var options = new RunnerOptions();
        error = "";
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (Switch(options, name) is { } switched)
            {
                options = switched;
                continue;
            }
            if (i + 1 >= arguments.Length || WithValue(options, name, arguments[++i]) is not { } changed)
            {
                error = $"{name}: not known, or its value is missing or no number";
                return null;
            }
            options = changed;
        }
        return options;
    }

    private static RunnerOptions? Switch(RunnerOptions options, string name) => name switch
    {
        "--trace" => options with { Trace = true },
        "--list" => options with { List = true },
        "--shrink" => options with { Shrink = true },
        "--digests" => options with { Digests = true },
        _ => null,
    };

    private static RunnerOptions? WithValue(RunnerOptions options, string name, string value)
    {
        bool isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        return name switch
        {
            "--scenario" => options with { Scenario = value },
            "--results" => options with { Results = value },
            "--record" => options with { Record = value },
            "--failures" when isNumber && number > 0 => options with { FailuresMax = (int)Math.Min(number, int.MaxValue) },
            "--draw" => options with { Draw = value },
            "--sweep" when Sizes(value) is { } sizes => options with { Sweep = sizes },
            "--mutation" => options with { Mutation = value },
            "--seeds" when isNumber => options with { Seeds = number },
            "--first" when isNumber => options with { First = (ulong)number },
            "--seed" when isNumber => options with { Seed = (ulong)number },
            "--until" when isNumber => options with { Until = number },
            "--nodes" when isNumber => options with { Nodes = (int)number },
            "--jobs" when isNumber && number > 0 => options with { Jobs = (int)number },
            "--seconds" when isNumber => options with { Time = TimeSpan.FromSeconds(number) },
            "--verify" when isNumber => options with { VerifyPercent = (int)number },
            _ => null,
        };
    }

    private static List<int>? Sizes(string list)
    {
        var sizes = new List<int>();
        foreach (string part in list.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) || size < 2) return null;
            sizes.Add(size);
        }
        return sizes;
    }
}
