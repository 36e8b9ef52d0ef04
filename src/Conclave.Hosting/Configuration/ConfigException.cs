namespace Conclave.Hosting.Configuration;

/// <summary>The configuration cannot be used; the message is for the operator and complete.</summary>
public sealed class ConfigException(string message) : Exception(message);

/// <summary>A configuration text is malformed; the message says why and where, without the name of the file.</summary>
internal sealed class ConfigSyntaxException(string message) : Exception(message);
