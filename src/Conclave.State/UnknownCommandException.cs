using Conclave.Core;

namespace Conclave.State;

/// <summary>A committed command that this build cannot apply.</summary>
/// <param name="type">The type byte.</param>
/// <param name="index">Where it stands in the log.</param>
public sealed class UnknownCommandException(byte type, LogIndex index) : Exception($"The log holds a command of type {type} at index {index}, which this version cannot apply. Upgrade this server before it rejoins.");
