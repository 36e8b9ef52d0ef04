using Conclave.Tests;

namespace Conclave.Core.Tests.Time;

public class DeadlineHeapTests
{
    [Fact]
    public void Comes_due_in_order_and_not_before()
    {
        var heap = new DeadlineHeap<string>();
        heap.Add(new(30), "c");
        heap.Add(new(10), "a");
        heap.Add(new(20), "b");
        Assert.Equal(new Instant(10), heap.Next);
        Assert.False(heap.TryPopDue(new(9), out _));
        Assert.Equal(["a", "b"], PopAll(heap, new(20)));
        Assert.Equal(["c"], PopAll(heap, new(100)));
        Assert.Equal(Instant.Never, heap.Next);
    }

    [Fact]
    public void Equal_deadlines_come_due_in_the_order_they_were_set()
    {
        var heap = new DeadlineHeap<int>();
        var handles = Enumerable.Range(0, 50).Select(i => heap.Add(new(5), i)).ToList();
        heap.Update(handles[10], new(5));
        Assert.Equal([.. Enumerable.Range(0, 50).Where(i => i != 10), 10], PopAll(heap, new(5)));
    }

    [Fact]
    public void Outlived_handles_do_nothing()
    {
        var heap = new DeadlineHeap<int>();
        var first = heap.Add(new(1), 1);
        Assert.True(heap.Remove(first));
        var second = heap.Add(new(2), 2);
        Assert.Equal(first.Slot, second.Slot);
        Assert.False(heap.Remove(first));
        Assert.False(heap.Update(first, new(0)));
        Assert.False(heap.Remove(default));
        Assert.Equal(1, heap.Count);
    }

    [Fact]
    public void Behaves_like_a_sorted_list() => Property.Check<Step[]>(steps =>
    {
        var heap = new DeadlineHeap<int>();
        var model = new List<(long At, int Order, int Key, DeadlineHandle Handle)>();
        int order = 0;
        foreach (var step in steps ?? [])
        {
            int target = model.Count == 0 ? -1 : step.Target % model.Count;
            switch (step.Kind % 4)
            {
                case 0 or 1:
                    model.Add((step.At, order, order, heap.Add(new(step.At), order)));
                    break;
                case 2 when target >= 0:
                    if (!heap.Update(model[target].Handle, new(step.At))) return false;
                    model[target] = (step.At, order, model[target].Key, model[target].Handle);
                    break;
                case 3 when target >= 0:
                    if (!heap.Remove(model[target].Handle) || heap.Remove(model[target].Handle)) return false;
                    model.RemoveAt(target);
                    break;
            }
            order++;
            if (heap.Count != model.Count || heap.Next != (model.Count == 0 ? Instant.Never : new(model.Min(m => m.At)))) return false;
        }
        return PopAll(heap, Instant.Never).SequenceEqual(model.OrderBy(m => (m.At, m.Order)).Select(m => m.Key));
    }, runs: 500);

    [Fact]
    public void Nothing_is_allocated_once_the_heap_has_its_size()
    {
        var heap = new DeadlineHeap<int>();
        for (int round = 0; round < 2; round++) Churn(heap);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Churn(heap);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Churn(DeadlineHeap<int> heap)
    {
        for (int i = 0; i < 100; i++)
        {
            var handle = heap.Add(new(i * 7919 % 100), i);
            if (i % 3 == 0) heap.Update(handle, new(i));
            if (i % 5 == 0) heap.Remove(handle);
        }
        while (heap.TryPopDue(Instant.Never, out _)) { }
    }

    private static List<T> PopAll<T>(DeadlineHeap<T> heap, Instant now)
    {
        var popped = new List<T>();
        while (heap.TryPopDue(now, out var key)) popped.Add(key);
        return popped;
    }

    public readonly record struct Step(byte Kind, byte At, byte Target);
}
