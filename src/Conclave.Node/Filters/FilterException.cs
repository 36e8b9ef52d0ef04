namespace Conclave.Node.Filters;

/// <summary>A filter expression that cannot be used; the message is complete and meant for the caller of the API.</summary>
/// <param name="reason">What is wrong, in Consul's words where it has some.</param>
public sealed class FilterException(string reason) : Exception("Failed to create boolean expression evaluator: " + reason)
{
    /// <summary>What is wrong, without the introduction.</summary>
    public string Reason { get; } = reason;
}
