namespace Conclave.Hosting.Configuration;

/// <summary>A key inside a definition is not known.</summary>
internal sealed class UnknownKeyException(string path) : Exception($"invalid config key {path}");
