using System.Globalization;

namespace Conclave.Load;

/// <summary>What to measure, and how big.</summary>
/// <param name="Scenarios">Names from <see cref="ScenarioList"/>, in order.</param>
/// <param name="Binary">The server program: an executable, or a <c>.dll</c> that <c>dotnet</c> runs.</param>
/// <param name="Data">Folder for the servers' data; decides which disk is measured.</param>
/// <param name="Results">File that takes one JSON line per measurement, or null.</param>
/// <param name="Seconds">Length of each timed run.</param>
/// <param name="Scale">Factor on all counts (keys, watches, rounds); 1 is the full size.</param>
internal sealed record LoadOptions(IReadOnlyList<string> Scenarios, string Binary, string Data, string? Results, double Seconds, double Scale)
{
    public const string Usage =
        """
        usage: Conclave.Load SCENARIO... [--binary PATH] [--data DIR] [--results FILE] [--seconds N] [--scale F]

          all          every scenario below
          disk         appends with a flush each, without any server: the limit of this disk
          start        time to HTTP, to a leader, to the first durable write; idle memory
          put          writes of 128 bytes at 1, 16, 64 and 256 connections
          get          reads (default, stale, consistent) beside a bare ASP.NET Core endpoint; a prefix of 100 keys
          watch        10,000 idle blocking queries beside 10,000 bare pending requests; what remains when the clients vanish
          wake         one write that wakes 1 to 10,000 waiting queries
          caches       1,000 caches that ask again at once: hot loops, late answers
          agent        2,000 services with 3 checks each at one agent, then TTL updates among 6,000 checks
          health       reading 450 passing instances
          keys         1,000,000 keys of 100 bytes: memory, restart
          kill         kill -9 under 64 writers, again and again: is every acknowledged write there?
          stall        writes while snapshots of 1,000,000 keys are taken
          quorum       three servers: writes beside a server alone, a follower that stands still
          failover     three servers: the leader killed or stopped under 64 writers: gaps, returns, losses
          cut          three servers, alone and behind three client agents with heartbeats and events: the leader cut off or killed: gaps, returns, votes, errors
          leave        watchers that vanish, at a follower and at a client agent: what a change costs before, meanwhile, and 1 s after
          visible      a service registered at one of three servers and three client agents: when all others show it
          datacenter   three servers, 50 client agents, 5,000 services, 15,000 checks: steady cost, heartbeats, one check that flaps, 1,000 watchers of one service
          gossip       12 members of ours beside 12 agents of serf: kill -9 seen, events everywhere, idle cost, 30 % of packets lost
          gossip-idle  50 members in one process with nothing to tell each other: processor time, packets, garbage
          harness      start, ready, SIGINT, 100 times, two at a time; SIGINT with 500 blocked queries

        --binary defaults to the published or built conclave of this checkout.
        """;

    /// <summary>A count, scaled, never below <paramref name="least"/>.</summary>
    public int Count(int full, int least = 1) => Math.Max(least, (int)(full * Scale));

    public static bool TryParse(string[] args, out LoadOptions options, out string problem)
    {
        options = new LoadOptions([], "", Path.GetTempPath(), null, 5, 1);
        problem = "";
        var scenarios = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                scenarios.Add(args[i]);
                continue;
            }
            if (i + 1 == args.Length)
            {
                problem = $"{args[i]} needs a value";
                return false;
            }
            if (!TrySet(ref options, args[i], args[++i]))
            {
                problem = $"{args[i - 1]} {args[i]} is not understood";
                return false;
            }
        }
        return TryComplete(ref options, scenarios, out problem);
    }

    private static bool TrySet(ref LoadOptions options, string name, string value)
    {
        var isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0;
        switch (name)
        {
            case "--binary": options = options with { Binary = Path.GetFullPath(value) }; return true;
            case "--data": options = options with { Data = Path.GetFullPath(value) }; return true;
            case "--results": options = options with { Results = Path.GetFullPath(value) }; return true;
            case "--seconds": options = options with { Seconds = number }; return isNumber;
            case "--scale": options = options with { Scale = number }; return isNumber;
            default: return false;
        }
    }

    private static bool TryComplete(ref LoadOptions options, List<string> scenarios, out string problem)
    {
        problem = "";
        if (scenarios.Count == 0) problem = "name a scenario";
        var unknown = scenarios.Find(name => name != "all" && !ScenarioList.Names.Contains(name));
        if (unknown is not null) problem = $"there is no scenario {unknown}";
        if (problem.Length > 0) return false;
        if (options.Binary.Length == 0) options = options with { Binary = Checkout.FindBinary() ?? "" };
        if (!File.Exists(options.Binary))
        {
            problem = options.Binary.Length == 0 ? "conclave is not built: dotnet publish src/Conclave.Cli -c Release, or name it with --binary" : $"there is no {options.Binary}";
            return false;
        }
        if (options.Results is null && Checkout.Root is { } root) options = options with { Results = Path.Combine(root, "benchmarks", "results", $"{Environment.MachineName}.jsonl") };
        options = options with { Scenarios = scenarios.Contains("all") ? ScenarioList.Names : scenarios };
        return true;
    }
}
