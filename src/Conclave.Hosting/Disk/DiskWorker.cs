using Conclave.Storage;

namespace Conclave.Hosting;

/// <summary>One thread that runs disk jobs in order. A thread of its own because jobs block in the kernel, and the pool must not.</summary>
internal sealed class DiskWorker : IDisposable
{
    // Guards itself and _stopping. The owners keep at most one job per lane and kind under way, so it stays short by itself.
    private readonly Queue<DiskJob> _jobs = new();
    private readonly IDisk _disk;
    private readonly Action<DiskJob> _completed;
    private readonly Thread _thread;
    private bool _stopping;

    public DiskWorker(IDisk disk, Action<DiskJob> completed, string name)
    {
        _disk = disk;
        _completed = completed;
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Takes a job; one that comes after <see cref="Dispose"/> is dropped.</summary>
    public void Submit(DiskJob job)
    {
        lock (_jobs)
        {
            if (_stopping) return;
            _jobs.Enqueue(job);
            Monitor.Pulse(_jobs);
        }
    }

    /// <summary>Waits for the running job and drops those that wait.</summary>
    public void Dispose()
    {
        lock (_jobs)
        {
            _stopping = true;
            _jobs.Clear();
            Monitor.Pulse(_jobs);
        }
        _thread.Join();
    }

    private void Work()
    {
        while (Next() is { } job)
        {
            job.Run(_disk);
            _completed(job);
        }
    }

    private DiskJob? Next()
    {
        lock (_jobs)
        {
            while (_jobs.Count == 0)
            {
                if (_stopping) return null;
                Monitor.Wait(_jobs);
            }
            return _jobs.Dequeue();
        }
    }
}
