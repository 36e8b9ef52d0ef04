using System.Diagnostics.CodeAnalysis;
using Conclave.Agent.Local;
using Conclave.Core;

namespace Conclave.Agent.Checks;

/// <summary>What a timer of a check is for.</summary>
internal enum TimerKind : byte
{
    /// <summary>Next run, or expiry of a TTL.</summary>
    Main,
    /// <summary>Write of an output that was put off.</summary>
    DeferredSync,
}

/// <summary>A deadline of a check; at most once in a <see cref="CheckTimers"/>.</summary>
internal sealed class CheckTimer(LocalCheck check, TimerKind kind)
{
    public LocalCheck Check { get; } = check;

    public TimerKind Kind { get; } = kind;

    /// <summary>Place in the heap; null outside.</summary>
    public DeadlineHandle? Handle { get; set; }
}

/// <summary>Deadlines of checks, each of them set, moved and taken back through its timer.</summary>
internal sealed class CheckTimers
{
    private readonly DeadlineHeap<CheckTimer> _heap = new();

    public Instant Next => _heap.Next;

    /// <summary>Sets or moves a timer.</summary>
    public void Set(CheckTimer timer, Instant at)
    {
        if (timer.Handle is { } handle && _heap.Update(handle, at)) return;
        timer.Handle = _heap.Add(at, timer);
    }

    public void Remove(CheckTimer timer)
    {
        if (timer.Handle is { } handle) _heap.Remove(handle);
        timer.Handle = null;
    }

    /// <summary>Takes the earliest timer that is due.</summary>
    public bool TryTakeDue(Instant now, [NotNullWhen(true)] out CheckTimer? timer)
    {
        if (!_heap.TryPopDue(now, out timer)) return false;
        timer.Handle = null;
        return true;
    }
}
