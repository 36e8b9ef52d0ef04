namespace Conclave.Gossip.Broadcasts;

/// <summary>
/// Messages of one length in the order in which they came. Nearly all that is done is done at its ends: new ones come behind the newest, and those that were sent once
/// more come newest first, each before the oldest. So it is a ring, and in the middle the shorter side makes room.
/// </summary>
internal sealed class AgeQueue<T> where T : Broadcast
{
    private const int CapacityMin = 4;

    // A storm of joins fills a queue with the whole pool once; what it took is given back when it is over.
    private const int KeptCapacityMax = 64;

    // A power of two, or empty.
    private T?[] _ring = [];
    private int _oldest;

    /// <summary>Length of all messages in here; may be set while there are none.</summary>
    public int Length { get; set; }

    public int Count { get; private set; }

    public T Oldest => this[0];

    public T this[int index] => _ring[PlaceOf(index)]!;

    public void Insert(T entry)
    {
        if (Count == _ring.Length) Grow();
        int index = CountOlderThan(entry.Ticket);
        if (index < Count - index)
        {
            _oldest = PlaceOf(-1);
            for (int i = 0; i < index; i++) _ring[PlaceOf(i)] = _ring[PlaceOf(i + 1)];
        }
        else
        {
            for (int i = Count; i > index; i--) _ring[PlaceOf(i)] = _ring[PlaceOf(i - 1)];
        }
        _ring[PlaceOf(index)] = entry;
        Count++;
    }

    public void Remove(T entry)
    {
        int index = CountOlderThan(entry.Ticket);
        if (index < Count - 1 - index)
        {
            for (int i = index; i > 0; i--) _ring[PlaceOf(i)] = _ring[PlaceOf(i - 1)];
            _ring[_oldest] = null;
            _oldest = PlaceOf(1);
            Count--;
        }
        else
        {
            for (int i = index; i < Count - 1; i++) _ring[PlaceOf(i)] = _ring[PlaceOf(i + 1)];
            _ring[PlaceOf(--Count)] = null;
        }
        if (Count == 0 && _ring.Length > KeptCapacityMax) _ring = [];
    }

    public T TakeNewest()
    {
        var newest = this[Count - 1];
        Remove(newest);
        return newest;
    }

    private int PlaceOf(int index) => (_oldest + index) & (_ring.Length - 1);

    // The ends are looked at first.
    private int CountOlderThan(ulong ticket)
    {
        if (Count == 0 || this[Count - 1].Ticket < ticket) return Count;
        if (this[0].Ticket >= ticket) return 0;
        int low = 1, high = Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (this[middle].Ticket < ticket) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private void Grow()
    {
        var larger = new T?[Math.Max(CapacityMin, 2 * _ring.Length)];
        for (int i = 0; i < Count; i++) larger[i] = this[i];
        (_ring, _oldest) = (larger, 0);
    }
}
