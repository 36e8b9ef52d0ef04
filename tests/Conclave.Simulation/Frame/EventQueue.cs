namespace Conclave.Simulation;

/// <summary>Something that will happen: whom it happens to and what. A, B and Item mean what the actor wants them to mean.</summary>
internal struct SimEvent
{
    public SimActor Actor;
    public int Kind;
    public long A;
    public long B;
    public object? Item;
}

/// <summary>Receives events. Its number goes into the digest, so actors must be created in a fixed order.</summary>
internal abstract class SimActor
{
    protected SimActor(SimWorld world)
    {
        World = world;
        Number = world.NextActorNumber();
    }

    public SimWorld World { get; }

    public long Number { get; }

    public abstract void OnEvent(in SimEvent happened);
}

/// <summary>
/// Everything that is to come, ordered by (virtual time, sequence number): what was scheduled first comes first among equals. A heap of four children for each
/// place holds keys only; the events lie in slots that are used again, so nothing is allocated once the queue has reached its size.
/// </summary>
internal sealed class EventQueue
{
    private const int Arity = 4, InitialSize = 1024;

    private Key[] _heap = new Key[InitialSize];
    private SimEvent[] _slots = new SimEvent[InitialSize];
    private int[] _free = new int[InitialSize];
    private int _freeCount, _slotsUsed;
    private long _sequence;

    public int Count { get; private set; }

    /// <summary>Time of the next event in nanoseconds; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextAt => Count == 0 ? long.MaxValue : _heap[0].At;

    public void Push(long at, in SimEvent happening)
    {
        if (Count == _heap.Length) Grow();
        int slot = _freeCount > 0 ? _free[--_freeCount] : _slotsUsed++;
        _slots[slot] = happening;
        SiftUp(Count++, new Key(at, _sequence++, slot));
    }

    public long Pop(out SimEvent happening)
    {
        var first = _heap[0];
        happening = _slots[first.Slot];
        _slots[first.Slot] = default;
        _free[_freeCount++] = first.Slot;
        var last = _heap[--Count];
        if (Count > 0) SiftDown(last);
        return first.At;
    }

    private void Grow()
    {
        int size = _heap.Length * 2;
        Array.Resize(ref _heap, size);
        Array.Resize(ref _slots, size);
        Array.Resize(ref _free, size);
    }

    private void SiftUp(int place, Key key)
    {
        var heap = _heap;
        while (place > 0)
        {
            int parent = (place - 1) / Arity;
            if (!key.IsBefore(heap[parent])) break;
            heap[place] = heap[parent];
            place = parent;
        }
        heap[place] = key;
    }

    private void SiftDown(Key key)
    {
        var heap = _heap;
        int place = 0;
        while (true)
        {
            int child = place * Arity + 1;
            if (child >= Count) break;
            int end = Math.Min(child + Arity, Count), least = child;
            for (int other = child + 1; other < end; other++)
                if (heap[other].IsBefore(heap[least])) least = other;
            if (!heap[least].IsBefore(key)) break;
            heap[place] = heap[least];
            place = least;
        }
        heap[place] = key;
    }

    private readonly struct Key(long at, long sequence, int slot)
    {
        public readonly long At = at;
        public readonly long Sequence = sequence;
        public readonly int Slot = slot;

        public bool IsBefore(in Key other) => At < other.At || (At == other.At && Sequence < other.Sequence);
    }
}
