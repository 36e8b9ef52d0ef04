using System.Runtime.CompilerServices;

namespace Conclave.Core;

/// <summary>A queue of fixed capacity in one array, with access by position. What happens when it is full is the caller's choice. Not thread-safe.</summary>
/// <typeparam name="T">Type of the items.</typeparam>
public sealed class RingBuffer<T>
{
    private readonly T[] _items;
    private int _first;

    /// <summary>Allocates room for <paramref name="capacity"/> items, at least one.</summary>
    public RingBuffer(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _items = new T[capacity];
    }

    /// <summary>Items in the buffer.</summary>
    public int Count { get; private set; }

    /// <summary>Most items it holds.</summary>
    public int Capacity => _items.Length;

    /// <summary>True when adding needs room to be made first.</summary>
    public bool IsFull => Count == _items.Length;

    /// <summary>The item at <paramref name="position"/>: 0 is the oldest.</summary>
    public ref T this[int position]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Count, nameof(position));
            return ref _items[Wrap(_first + position)];
        }
    }

    /// <summary>Adds behind the newest item; false when full.</summary>
    public bool TryAdd(T item)
    {
        if (IsFull) return false;
        _items[Wrap(_first + Count++)] = item;
        return true;
    }

    /// <summary>Adds behind the newest item, pushing out the oldest one when full. True when <paramref name="oldest"/> was pushed out.</summary>
    public bool AddOverOldest(T item, out T oldest)
    {
        oldest = default!;
        bool pushedOut = IsFull && TryTake(out oldest);
        TryAdd(item);
        return pushedOut;
    }

    /// <summary>Takes the oldest item out; false when empty.</summary>
    public bool TryTake(out T item)
    {
        if (Count == 0)
        {
            item = default!;
            return false;
        }
        item = _items[_first];
        RemoveOldest(1);
        return true;
    }

    /// <summary>Drops the <paramref name="count"/> oldest items.</summary>
    public void RemoveOldest(int count)
    {
        CheckCount(count);
        for (int i = 0; i < count; i++)
        {
            Forget(_first);
            _first = Wrap(_first + 1);
        }
        Count -= count;
    }

    /// <summary>Drops the <paramref name="count"/> newest items.</summary>
    public void RemoveNewest(int count)
    {
        CheckCount(count);
        for (int i = 1; i <= count; i++) Forget(Wrap(_first + Count - i));
        Count -= count;
    }

    /// <summary>Drops everything.</summary>
    public void Clear() => RemoveOldest(Count);

    private void CheckCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
    }

    // Dropped items must not stay reachable through the array.
    private void Forget(int index)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>()) _items[index] = default!;
    }

    private int Wrap(int index) => index >= _items.Length ? index - _items.Length : index;
}
