namespace Conclave.Hosting.Configuration;

/// <summary>A configuration text is malformed; the message says why and where, without the name of the file.</summary>
internal sealed class ConfigSyntaxException(string message) : FormatException(message);
