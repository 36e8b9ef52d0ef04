namespace Conclave.Hosting;

/// <summary>The cluster refused a request: it is wrong, or the state does not allow it. Trying the same again will not help.</summary>
/// <param name="message">Why, in the words that HTTP clients see too.</param>
public sealed class ConclaveRequestException(string message) : Exception(message);
