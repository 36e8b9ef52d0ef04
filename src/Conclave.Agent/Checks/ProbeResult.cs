namespace Conclave.Agent.Checks;

/// <summary>What a run of a check found.</summary>
/// <param name="Status">passing, warning or critical.</param>
/// <param name="Output">Text for people, bounded by the run's limit.</param>
public readonly record struct ProbeResult(string Status, string Output);
