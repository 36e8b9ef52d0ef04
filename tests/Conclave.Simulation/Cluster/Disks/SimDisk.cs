using Conclave.Core;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// A server's disk and what is wrong with it. The content, what survives a loss of power and torn writes are <see cref="MemoryDisk"/>'s; this decides when an operation
/// fails and how long work takes.
/// </summary>
internal sealed class SimDisk
{
    private const double LongestMicros = 2_000_000;

    private readonly SimWorld _world;
    private readonly Prng _chance;
    private readonly IDisk _forJobs;
    private Instant _fullUntil, _slowUntil, _stuckUntil;
    private int _failAfter = -1;
    private DiskFault _failAs;
    private int _operationsOfJob, _breakAt = -1;
    private DiskFault _breakAs;

    public SimDisk(SimWorld world, string name, bool lies = false)
    {
        _world = world;
        _chance = world.Stream($"disk/{name}");
        Content = new MemoryDisk(_chance.Split("content")) { Faults = Decide };
        _forJobs = lies ? new LyingDisk(Content) : Content;
    }

    /// <summary>What the engine uses.</summary>
    public MemoryDisk Content { get; }

    /// <summary>Some of the content is not what was written, and nobody has noticed yet.</summary>
    public bool IsDamaged => Content.IsDamaged;

    /// <summary>Some of what was written has changed since, at some time.</summary>
    public bool WasDamaged { get; private set; }

    /// <summary>An operation has failed, so that the node had a reason to end.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Shares of usual times: a fast disk has 0.1, a slow one 10.</summary>
    public double Pace { get; set; } = 1;

    /// <summary>No space is left until then.</summary>
    public void Fill(TimeSpan time) => _fullUntil = _world.Now + time;

    /// <summary>Everything takes a hundred times as long until then.</summary>
    public void Slow(TimeSpan time) => _slowUntil = _world.Now + time;

    /// <summary>Nothing ends before then.</summary>
    public void Stick(TimeSpan time) => _stuckUntil = _world.Now + time;

    /// <summary>One of the operations to come fails.</summary>
    public void FailSoon(DiskFault fault, int after) => (_failAs, _failAfter) = (fault, after);

    /// <summary>Nothing is wrong with it any more.</summary>
    public void Repair()
    {
        (_fullUntil, _slowUntil, _stuckUntil) = (default, default, default);
        _failAfter = -1;
    }

    /// <summary>How long the next piece of work takes.</summary>
    public TimeSpan NextDelay(DiskLane lane)
    {
        double micros = lane == DiskLane.Log ? 80 + _chance.Next(400) : 200 + _chance.Next(3000);
        if (_chance.Next(100) == 0) micros *= 20;
        if (_world.Now < _slowUntil) micros *= 100;
        var delay = TimeSpan.FromMicroseconds(Math.Min(micros * Pace, LongestMicros));
        return _world.Now + delay < _stuckUntil ? _stuckUntil - _world.Now : delay;
    }

    /// <summary>Runs a job to its end.</summary>
    public void Run(DiskJob job)
    {
        _operationsOfJob = 0;
        job.Run(_forJobs);
    }

    /// <summary>Runs the beginning of a job: the process or the power ends in the middle.</summary>
    public void RunAndBreak(DiskJob job, bool powerFails)
    {
        _operationsOfJob = 0;
        _breakAt = (int)_chance.Next(6);
        _breakAs = powerFails ? DiskFault.PowerCut : _chance.Next(2) == 0 ? DiskFault.Tear : DiskFault.Fail;
        job.Run(_forJobs);
        _breakAt = -1;
    }

    /// <summary>A bit of a file at rest is not what it was. Only where the damage must be found: never in the newest segment, whose end may be an unfinished write.</summary>
    public bool TryRot(out string path)
    {
        path = "";
        var files = new List<string>();
        string newestSegment = "", nextSegment = "";           // the one after the current one may be there already
        foreach (string file in Content.Files)
            if (file.StartsWith(DiskLayout.Wal + "/", StringComparison.Ordinal) && file.EndsWith(".wal", StringComparison.Ordinal)) (newestSegment, nextSegment) = (nextSegment, file);
        foreach (string file in Content.Files)
            if (file != newestSegment && file != nextSegment && !file.EndsWith(DiskLayout.TemporarySuffix, StringComparison.Ordinal) && IsOfRaft(file) && Content.Content(file).Length > 0) files.Add(file);
        if (files.Count == 0) return false;
        path = files[(int)_chance.Next(files.Count)];
        Content.Damage(path, _chance.Next(Content.Content(path).Length), (byte)(1 << (int)_chance.Next(8)));
        WasDamaged = true;
        return true;
    }

    private static bool IsOfRaft(string file) =>
        file.StartsWith(DiskLayout.Wal + "/", StringComparison.Ordinal) || (file.StartsWith(DiskLayout.Snapshots + "/", StringComparison.Ordinal) && !file.Contains(DiskLayout.TemporarySuffix, StringComparison.Ordinal));

    private DiskFault Decide(long number, string operation, string path)
    {
        if (_breakAt >= 0 && _operationsOfJob++ >= _breakAt) return Count(_breakAs, operation);
        if (_world.Now < _fullUntil && operation is "write" or "create") return Count(DiskFault.Full, operation);
        if (_failAfter < 0) return DiskFault.None;
        if (_failAfter-- > 0) return DiskFault.None;
        return Count(_failAs, operation);
    }

    private DiskFault Count(DiskFault fault, string operation)
    {
        HasFailed = true;
        _world.CountFault($"disk {operation} {fault}");
        return fault;
    }
}
