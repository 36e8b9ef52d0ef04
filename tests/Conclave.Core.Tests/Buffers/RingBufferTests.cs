using Conclave.Tests;

namespace Conclave.Core.Tests.Buffers;

public class RingBufferTests
{
    [Fact]
    public void A_full_buffer_refuses_or_pushes_out_the_oldest()
    {
        var ring = new RingBuffer<int>(2);
        Assert.True(ring.TryAdd(1));
        Assert.False(ring.AddOverOldest(2, out _));
        Assert.False(ring.TryAdd(3));
        Assert.True(ring.AddOverOldest(3, out int oldest));
        Assert.Equal(1, oldest);
        Assert.Equal([2, 3], Items(ring));
    }

    [Fact]
    public void Positions_outside_are_refused()
    {
        var ring = new RingBuffer<int>(3);
        ring.TryAdd(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.RemoveOldest(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.RemoveNewest(-1));
    }

    [Fact]
    public void Behaves_like_a_bounded_list() => Property.Check<byte[]>(steps =>
    {
        var ring = new RingBuffer<string>(5);
        var model = new List<string>();
        int number = 0;
        foreach (byte step in steps ?? [])
        {
            string item = (number++).ToString();
            switch (step % 5)
            {
                case 0 or 1:
                    if (ring.TryAdd(item) != (model.Count < 5)) return false;
                    if (model.Count < 5) model.Add(item);
                    break;
                case 2:
                    bool full = model.Count == 5;
                    if (ring.AddOverOldest(item, out string old) != full || (full && old != model[0])) return false;
                    if (full) model.RemoveAt(0);
                    model.Add(item);
                    break;
                case 3:
                    int newest = step / 5 % (model.Count + 1);
                    ring.RemoveNewest(newest);
                    model.RemoveRange(model.Count - newest, newest);
                    break;
                default:
                    if (ring.TryTake(out string taken) != model.Count > 0) return false;
                    if (model.Count > 0 && taken != model[0]) return false;
                    if (model.Count > 0) model.RemoveAt(0);
                    break;
            }
            if (!Items(ring).SequenceEqual(model)) return false;
        }
        ring.Clear();
        return ring.Count == 0;
    }, runs: 500);

    private static List<T> Items<T>(RingBuffer<T> ring)
    {
        var items = new List<T>();
        for (int i = 0; i < ring.Count; i++) items.Add(ring[i]);
        return items;
    }
}
