namespace Conclave.Storage;

/// <summary>Which queue a job waits in. Jobs of one lane run one after the other in the order given.</summary>
public enum DiskLane
{
    /// <summary>Appends and flushes of the log: somebody waits for each.</summary>
    Log,
    /// <summary>What keeps the log going: filling segments ahead, deleting old ones.</summary>
    Background,
    /// <summary>Reading old entries for followers that lag.</summary>
    Reads,
    /// <summary>Saving, sending and receiving snapshots: each may take long.</summary>
    Snapshots,
}

/// <summary>
/// Disk work that the node's loop asks for. It goes out as an effect, <see cref="Run"/>s elsewhere, comes back as an input, and the loop calls <see cref="Complete"/>:
/// no task, no waiting. In simulation the same object runs at a virtual time.
/// </summary>
public abstract class DiskJob(DiskLane lane)
{
    /// <summary>Where it waits for its turn.</summary>
    public DiskLane Lane { get; } = lane;

    /// <summary>Why it failed; null when it did not.</summary>
    public DiskException? Error { get; private set; }

    /// <summary>Does the work. Called once per submission, by the disk's worker. Failures of the disk end in <see cref="Error"/>.</summary>
    public void Run(IDisk disk)
    {
        Error = null;
        try
        {
            Execute(disk);
        }
        catch (DiskException failure)
        {
            Error = failure;
        }
    }

    /// <summary>Tells the owner that <see cref="Run"/> has ended. Called by the node's loop, once per submission.</summary>
    public abstract void Complete();

    /// <summary>The work itself; may block.</summary>
    protected abstract void Execute(IDisk disk);
}

/// <summary>Accepts jobs and hands each back, in its lane's order, when it has run.</summary>
public interface IDiskQueue
{
    /// <summary>Takes a job. It comes back through the callback that the queue was built with.</summary>
    void Submit(DiskJob job);
}
