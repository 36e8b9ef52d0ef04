using System.Text;
using Conclave.Core;

namespace Conclave.Gossip.Swim;

/// <summary>
/// All members that are known, in the order in which they are probed, and found by name without making a text of the bytes on the wire. The order is a
/// function of the inputs and the random stream.
/// </summary>
internal sealed class NodeTable(GossipScratch scratch)
{
    private const int InitialSlots = 8;

    private readonly List<SwimNode> _ring = [];

    // Open addressing, linear probing; a power of two, at most three quarters full, so a search always ends.
    // The hash stands beside the member, so that a search does not fetch the members that it passes by from memory.
    private Slot[] _slots = new Slot[InitialSlots];

    public IReadOnlyList<SwimNode> Nodes => _ring;

    public int Count => _ring.Count;

    public SwimNode this[int index] => _ring[index];

    public SwimNode? Find(ReadOnlySpan<byte> utf8) => Find(utf8, scratch.Hash(utf8));

    public SwimNode? Find(string name)
    {
        Span<byte> utf8 = stackalloc byte[NodeName.BytesMax];
        return Encoding.UTF8.TryGetBytes(name, utf8, out int bytes) ? Find(utf8[..bytes]) : null;
    }

    public SwimNode? Find(ReadOnlySpan<byte> utf8, ulong hash)
    {
        for (int slot = SlotOf(hash); _slots[slot].Node is { } node; slot = Next(slot))
            if (_slots[slot].Hash == hash && node.Key.Is(utf8, hash)) return node;
        return null;
    }

    /// <summary>Adds a member that is not there yet, at a random place, so that members who come together are not probed one after the other by all.</summary>
    public void Add(SwimNode node, Prng random)
    {
        if ((_ring.Count + 1) * 4 > _slots.Length * 3) Grow();
        PutIntoSlot(node);
        node.Index = _ring.Count;
        _ring.Add(node);
        Swap(node.Index, (int)random.Next(_ring.Count));
    }

    public void Remove(SwimNode node)
    {
        int last = _ring.Count - 1;
        Swap(node.Index, last);
        _ring.RemoveAt(last);
        RemoveFromSlot(node);
    }

    public void Shuffle(Prng random)
    {
        for (int i = _ring.Count - 1; i > 0; i--) Swap(i, (int)random.Next(i + 1));
    }

    private void Swap(int a, int b)
    {
        (_ring[a], _ring[b]) = (_ring[b], _ring[a]);
        _ring[a].Index = a;
        _ring[b].Index = b;
    }

    private int SlotOf(ulong hash) => (int)(hash & (ulong)(_slots.Length - 1));

    private int Next(int slot) => (slot + 1) & (_slots.Length - 1);

    private void PutIntoSlot(SwimNode node)
    {
        int slot = SlotOf(node.Key.Hash);
        while (_slots[slot].Node is not null) slot = Next(slot);
        _slots[slot] = new Slot(node.Key.Hash, node);
    }

    // Those behind the gap that were pushed on by what stood in it move up, so that every search still finds its end.
    private void RemoveFromSlot(SwimNode node)
    {
        int gap = SlotOf(node.Key.Hash);
        while (_slots[gap].Node != node) gap = Next(gap);
        for (int slot = Next(gap); _slots[slot].Node is not null; slot = Next(slot))
        {
            int wanted = SlotOf(_slots[slot].Hash);
            int mask = _slots.Length - 1;
            if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
            _slots[gap] = _slots[slot];
            gap = slot;
        }
        _slots[gap] = default;
    }

    private void Grow()
    {
        _slots = new Slot[_slots.Length * 2];
        foreach (var node in _ring) PutIntoSlot(node);
    }

    private readonly record struct Slot(ulong Hash, SwimNode? Node);
}
