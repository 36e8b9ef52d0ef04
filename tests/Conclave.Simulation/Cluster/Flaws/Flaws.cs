using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>The bug that is planted in a run, if any; each is there to show that a checker finds it.</summary>
internal sealed class Flaws(string? name, SimWorld world)
{
    public static IReadOnlyList<string> Names { get; } = [];

    public string? Name { get; } = name;

    public SimWorld World { get; } = world;

    public NodeConfig Configure(NodeConfig config) => config;

    public RecoveredNode Recover(SimServer server, RecoveredNode recovered) => recovered;

    public bool DropsWatches(SimServer server) => false;

    public bool Arrives(SimServer server, ref RaftMessage message) => true;

    public bool Leaves(SimServer server, ref RaftMessage message) => true;
}
