namespace Conclave.Hosting.Configuration;

/// <summary>The configuration cannot be used; the message is for the operator and complete.</summary>
public sealed class ConfigException(string message) : FormatException(message);
