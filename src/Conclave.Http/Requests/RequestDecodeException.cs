namespace Conclave.Http.Requests;

/// <summary>The body of a request is not what the endpoint needs; becomes an answer with status 400 and this text.</summary>
/// <param name="message">Text for the client.</param>
public sealed class RequestDecodeException(string message) : Exception(message);
