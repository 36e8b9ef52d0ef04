namespace Conclave.State;

/// <summary>A snapshot's state stream that cannot be restored. The state in use is untouched; the snapshot is at fault.</summary>
/// <param name="reason">What is wrong.</param>
/// <param name="cause">The parser's complaint, or null.</param>
public sealed class SnapshotException(string reason, Exception? cause = null) : Exception(reason, cause);
