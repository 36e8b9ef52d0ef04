namespace Conclave.Hosting;

/// <summary>Nobody that must be joined at the start has answered. The message says why, an address a line, in the form that clients know.</summary>
public sealed class StartJoinException(string message) : IOException(message);
