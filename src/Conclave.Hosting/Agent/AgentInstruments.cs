using System.Diagnostics.Metrics;

namespace Conclave.Hosting.Agent;

/// <summary>Numbers of the local agent; the meter carries the node's name, because several nodes may live in one process.</summary>
internal sealed class AgentInstruments : IDisposable
{
    /// <summary>Tag of the meter that says which node it is from.</summary>
    public const string NodeTag = "node";

    private readonly Meter _meter;
    private readonly Counter<long> _writes;
    private readonly Counter<long> _failedWrites;
    private readonly Counter<long> _runs;
    private readonly Histogram<double> _runSeconds;

    public AgentInstruments(string node, Func<(int Services, int Checks, int Ttls, int Monitors)> counts)
    {
        _meter = new(new MeterOptions("Conclave.Agent") { Tags = [new(NodeTag, node)] });
        _writes = _meter.CreateCounter<long>("conclave.catalog.sync.writes", description: "Catalog writes of the agent that were done.");
        _failedWrites = _meter.CreateCounter<long>("conclave.catalog.sync.failures", description: "Catalog writes of the agent that failed and are tried again.");
        _runs = _meter.CreateCounter<long>("conclave.check.runs", description: "Finished runs of checks.");
        _runSeconds = _meter.CreateHistogram<double>("conclave.check.duration", "s", "How long runs of checks took, waiting for their turn included.");
        _meter.CreateObservableGauge("conclave.agent.services", () => counts().Services);
        _meter.CreateObservableGauge("conclave.agent.checks", () => counts().Checks);
    }

    public void Wrote(bool failed) => (failed ? _failedWrites : _writes).Add(1);

    public void Ran(TimeSpan duration)
    {
        _runs.Add(1);
        _runSeconds.Record(duration.TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();
}
