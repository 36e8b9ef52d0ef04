using Conclave.Core;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

// Disk work: each lane does one thing after the other, and the lanes do not wait for each other.
internal sealed partial class SimServer
{
    private readonly SortedDictionary<DiskLane, Queue<DiskJob>> _lanes = [];

    private int JobsUnderWay
    {
        get
        {
            int jobs = 0;
            foreach (var lane in _lanes.Values) jobs += lane.Count;
            return jobs;
        }
    }

    private void StartJob(DiskJob job)
    {
        if (!_lanes.TryGetValue(job.Lane, out var lane)) _lanes.Add(job.Lane, lane = new Queue<DiskJob>());
        lane.Enqueue(job);
        if (lane.Count == 1) Schedule(job.Lane);
    }

    private void Schedule(DiskLane lane) => World.At(World.Now + Disk.NextDelay(lane), this, JobEnds, _life, (long)lane);

    private void EndJob(DiskLane lane)
    {
        var job = _lanes[lane].Dequeue();
        Disk.Run(job);
        World.At(World.Now + Chance.NextTimeSpan(TimeSpan.FromMicroseconds(100)), this, JobReturns, _life, item: job);
        if (_lanes[lane].Count > 0) Schedule(lane);
    }

    // The process ends while the disk works: whatever was under way has happened, or a part of it, or nothing.
    private void BreakJobs(bool powerFails)
    {
        foreach (var lane in _lanes.Values)
        {
            if (lane.Count == 0) continue;
            var job = lane.Peek();
            lane.Clear();
            switch (Chance.Next(3))
            {
                case 0: break;
                case 1: Disk.Run(job); break;
                default: Disk.RunAndBreak(job, powerFails); break;
            }
        }
    }
}
