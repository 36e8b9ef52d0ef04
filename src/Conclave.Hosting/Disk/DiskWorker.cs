using System.Collections.Concurrent;

using Conclave.Storage;

namespace Conclave.Hosting;

/// <summary>One thread that runs disk jobs in order. A thread of its own because jobs block in the kernel, and the pool must not.</summary>
internal sealed class DiskWorker : IDisposable
{
    // The owners keep at most one job per lane and kind under way, so the queue stays short by itself.
    private readonly BlockingCollection<DiskJob> _jobs = [];
    private readonly IDisk _disk;
    private readonly Action<DiskJob> _completed;
    private readonly Thread _thread;
    private volatile bool _stopping;

    public DiskWorker(IDisk disk, Action<DiskJob> completed, string name)
    {
        _disk = disk;
        _completed = completed;
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public void Submit(DiskJob job) => _jobs.Add(job);

    public void Dispose()
    {
        _stopping = true;
        _jobs.CompleteAdding();
        _thread.Join();
        _jobs.Dispose();
    }

    private void Work()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            if (_stopping) continue;
            job.Run(_disk);
            _completed(job);
        }
    }
}
