namespace Conclave.Node;

/// <summary>
/// The list of servers that the operator put beside the log cannot be carried out. Nothing of the data was changed and the list is still there: correct or remove it, then start again.
/// </summary>
/// <param name="reason">What is wrong.</param>
public sealed class OutageRecoveryException(string reason) : Exception($"Failed to start Raft: {reason}");
