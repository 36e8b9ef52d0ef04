using System.Runtime.CompilerServices;

namespace Conclave.Core;

/// <summary>
/// Deadlines in order: adding, moving and removing cost O(log n) and, once the heap has reached its size, allocate nothing. Equal deadlines come due in the
/// order in which they were set, so a run can be repeated exactly. Not thread-safe.
/// </summary>
/// <typeparam name="TKey">What comes due.</typeparam>
public sealed class DeadlineHeap<TKey>
{
    private const int Removed = -1;

    // _heap holds slot numbers, earliest deadline first; _slots[_heap[i]].Position == i. Free slots form a list through Position.
    private Slot[] _slots = [];
    private int[] _heap = [];
    private int _firstFree = Removed;
    private int _slotsUsed;
    private ulong _sequence;

    /// <summary>Deadlines waiting.</summary>
    public int Count { get; private set; }

    /// <summary>The earliest deadline, or <see cref="Instant.Never"/>.</summary>
    public Instant Next => Count == 0 ? Instant.Never : _slots[_heap[0]].Deadline;

    /// <summary>Adds a deadline. The handle serves to move or remove it until it was popped or removed.</summary>
    public DeadlineHandle Add(Instant deadline, TKey key)
    {
        int number = TakeSlot();
        ref var slot = ref _slots[number];
        slot.Deadline = deadline;
        slot.Key = key;
        slot.Sequence = _sequence++;
        _heap[Count] = number;
        SiftUp(Count++);
        return new(number, slot.Generation);
    }

    /// <summary>Moves a deadline; false when it is not there any more.</summary>
    public bool Update(DeadlineHandle handle, Instant deadline)
    {
        if (!IsLive(handle)) return false;
        ref var slot = ref _slots[handle.Slot];
        slot.Deadline = deadline;
        slot.Sequence = _sequence++;
        SiftDown(SiftUp(slot.Position));
        return true;
    }

    /// <summary>Removes a deadline; false when it is not there any more.</summary>
    public bool Remove(DeadlineHandle handle)
    {
        if (!IsLive(handle)) return false;
        RemoveAt(_slots[handle.Slot].Position);
        return true;
    }

    /// <summary>Takes the earliest deadline out if it is at or before <paramref name="now"/>.</summary>
    public bool TryPopDue(Instant now, out TKey key)
    {
        if (Count == 0 || Next > now)
        {
            key = default!;
            return false;
        }
        key = _slots[_heap[0]].Key;
        RemoveAt(0);
        return true;
    }

    private bool IsLive(DeadlineHandle handle) => (uint)handle.Slot < (uint)_slotsUsed && _slots[handle.Slot].Generation == handle.Generation;

    private int TakeSlot()
    {
        if (_firstFree != Removed)
        {
            int free = _firstFree;
            _firstFree = _slots[free].Position;
            return free;
        }
        if (_slotsUsed == _slots.Length)
        {
            int size = Math.Max(4, _slots.Length * 2);
            Array.Resize(ref _slots, size);
            Array.Resize(ref _heap, size);
        }
        // Generations start at 1: the default handle is never live.
        _slots[_slotsUsed].Generation = 1;
        return _slotsUsed++;
    }

    private void RemoveAt(int position)
    {
        int number = _heap[position];
        int last = _heap[--Count];
        if (position < Count)
        {
            _heap[position] = last;
            SiftDown(SiftUp(position));
        }
        ref var slot = ref _slots[number];
        slot.Generation++;
        slot.Key = default!;
        slot.Position = _firstFree;
        _firstFree = number;
    }

    // Both return the final position and leave the slot's own position right.
    private int SiftUp(int position)
    {
        int number = _heap[position];
        while (position > 0)
        {
            int parent = (position - 1) / 2;
            if (!IsEarlier(number, _heap[parent])) break;
            Place(position, _heap[parent]);
            position = parent;
        }
        Place(position, number);
        return position;
    }

    private void SiftDown(int position)
    {
        int number = _heap[position];
        while (true)
        {
            int child = position * 2 + 1;
            if (child >= Count) break;
            if (child + 1 < Count && IsEarlier(_heap[child + 1], _heap[child])) child++;
            if (!IsEarlier(_heap[child], number)) break;
            Place(position, _heap[child]);
            position = child;
        }
        Place(position, number);
    }

    private void Place(int position, int number)
    {
        _heap[position] = number;
        _slots[number].Position = position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsEarlier(int a, int b)
    {
        ref var x = ref _slots[a];
        ref var y = ref _slots[b];
        return x.Deadline < y.Deadline || (x.Deadline == y.Deadline && x.Sequence < y.Sequence);
    }

    private struct Slot
    {
        public Instant Deadline;
        public ulong Sequence;
        public TKey Key;
        public int Position;
        public uint Generation;
    }
}

/// <summary>Names one deadline of a <see cref="DeadlineHeap{TKey}"/>; outlived handles are recognised, the default one names none.</summary>
/// <param name="Slot">Internal.</param>
/// <param name="Generation">Internal.</param>
public readonly record struct DeadlineHandle(int Slot, uint Generation);
