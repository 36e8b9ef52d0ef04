namespace Conclave.Node;

/// <summary>The request could not be served: nobody leads, or the node goes down. Trying again later may help.</summary>
/// <param name="message">Text for the client.</param>
public sealed class NodeUnavailableException(string message) : Exception(message);
