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

    public Instant At { get; set; } = Instant.Never;

    /// <summary>Order of setting, which decides between equal deadlines: the same inputs always ring in the same order.</summary>
    public long Sequence { get; set; }

    /// <summary>Place in the heap; -1 outside.</summary>
    public int Index { get; set; } = -1;
}

/// <summary>Deadlines of checks in a binary heap that knows each timer's place, so that removing is as cheap as adding.</summary>
internal sealed class CheckTimers
{
    private readonly List<CheckTimer> _heap = [];
    private long _sequence;

    public int Count => _heap.Count;

    public Instant Next => _heap.Count == 0 ? Instant.Never : _heap[0].At;

    /// <summary>Sets or moves a timer.</summary>
    public void Set(CheckTimer timer, Instant at)
    {
        timer.At = at;
        timer.Sequence = ++_sequence;
        if (timer.Index < 0)
        {
            timer.Index = _heap.Count;
            _heap.Add(timer);
        }
        SiftUp(timer.Index);
        SiftDown(timer.Index);
    }

    public void Remove(CheckTimer timer)
    {
        int index = timer.Index;
        if (index < 0) return;
        timer.Index = -1;
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (ReferenceEquals(last, timer)) return;
        Place(last, index);
        SiftUp(index);
        SiftDown(last.Index);
    }

    /// <summary>Takes the earliest timer that is due.</summary>
    public bool TryTakeDue(Instant now, out CheckTimer timer)
    {
        timer = _heap.Count > 0 ? _heap[0] : null!;
        if (timer is null || timer.At > now) return false;
        Remove(timer);
        return true;
    }

    private void SiftUp(int index)
    {
        var timer = _heap[index];
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (!Before(timer, _heap[parent])) break;
            Place(_heap[parent], index);
            index = parent;
        }
        Place(timer, index);
    }

    private void SiftDown(int index)
    {
        var timer = _heap[index];
        while (true)
        {
            int child = index * 2 + 1;
            if (child >= _heap.Count) break;
            if (child + 1 < _heap.Count && Before(_heap[child + 1], _heap[child])) child++;
            if (!Before(_heap[child], timer)) break;
            Place(_heap[child], index);
            index = child;
        }
        Place(timer, index);
    }

    private void Place(CheckTimer timer, int index)
    {
        _heap[index] = timer;
        timer.Index = index;
    }

    private static bool Before(CheckTimer a, CheckTimer b) => a.At < b.At || (a.At == b.At && a.Sequence < b.Sequence);
}
