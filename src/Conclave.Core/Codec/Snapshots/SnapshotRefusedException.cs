namespace Conclave.Core.Codec;

/// <summary>A snapshot archive that cannot be used. Nothing was changed; the message is meant for whoever sent the archive, in Consul's words.</summary>
/// <param name="message">The complete text.</param>
public sealed class SnapshotRefusedException(string message) : Exception(message);
