namespace Conclave.Conformance.Player;

/// <summary>A case refers to a value that was never captured, mostly because the step that captures it went wrong.</summary>
internal sealed class UnboundValueException(string what) : Exception($"{what} is not bound");
