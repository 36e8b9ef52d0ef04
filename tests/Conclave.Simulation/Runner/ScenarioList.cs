using Conclave.Simulation.Gossip;

namespace Conclave.Simulation;

/// <summary>The scenarios by name.</summary>
internal static class ScenarioList
{
    public static IReadOnlyList<IScenario> All { get; } = [new GossipScenario(), new Cluster.ClusterScenario(), new EchoScenario()];

    public static IScenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
