using Conclave.Core;

namespace Conclave.Raft;

/// <summary>The configuration in force (the latest in the log, committed or not) and the one to fall back to when its entry is taken back.</summary>
internal sealed class ConfigurationTracker(Configuration committed, LogIndex committedIndex)
{
    public Configuration Committed { get; private set; } = committed;

    public LogIndex CommittedIndex { get; private set; } = committedIndex;

    public Configuration Latest { get; private set; } = committed;

    public LogIndex LatestIndex { get; private set; } = committedIndex;

    public bool IsPending => LatestIndex > CommittedIndex;

    /// <summary>An entry was appended: it counts from now on. The one before is committed, else the leader would not have made this one (also when we have not heard of it).</summary>
    public void Append(LogIndex index, Configuration configuration)
    {
        (Committed, CommittedIndex) = (Latest, LatestIndex);
        (Latest, LatestIndex) = (configuration, index);
    }

    /// <summary>True when the latest one became committed.</summary>
    public bool Commit(LogIndex commitIndex)
    {
        if (!IsPending || LatestIndex > commitIndex) return false;
        (Committed, CommittedIndex) = (Latest, LatestIndex);
        return true;
    }

    /// <summary>True when the latest one was taken back.</summary>
    public bool Truncate(LogIndex from)
    {
        if (LatestIndex < from) return false;
        (Latest, LatestIndex) = (Committed, CommittedIndex);
        return true;
    }

    public void Reset(Configuration configuration, LogIndex index)
    {
        (Committed, CommittedIndex) = (configuration, index);
        (Latest, LatestIndex) = (configuration, index);
    }
}
