namespace Conclave.State;

/// <summary>How much a state holds.</summary>
/// <param name="Nodes">Nodes of the catalog.</param>
/// <param name="Services">Names of services.</param>
/// <param name="ServiceInstances">Instances of services.</param>
/// <param name="Checks">Checks of nodes and instances.</param>
/// <param name="Keys">Keys with a value.</param>
/// <param name="Sessions">Sessions.</param>
public readonly record struct StateSizes(int Nodes, int Services, int ServiceInstances, int Checks, int Keys, int Sessions);
