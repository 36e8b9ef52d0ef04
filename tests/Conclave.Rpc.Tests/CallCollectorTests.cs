using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

public class CallCollectorTests
{
    // Two headers (a map each) and two bodies.
    private static readonly byte[] s_first = [0x81, 0xa1, (byte)'a', 0x01, 0x92, 0x01, 0x02], s_second = [0x80, 0xa3, 1, 2, 3];

    [Fact]
    public void Calls_are_found_one_after_the_other_however_they_are_cut() => Property.Check<int>(seed =>
    {
        var random = new Random(seed);
        byte[] bytes = [.. s_first, .. s_second, .. s_first];
        using var collector = new CallCollector(100);
        var calls = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            int piece = Math.Min(random.Next(1, 12), bytes.Length - at);
            bool isComplete = collector.Add(bytes.AsSpan(at, piece));
            at += piece;
            while (isComplete)
            {
                using var call = collector.Take();
                calls.Add(call.Bytes.ToArray());
                isComplete = collector.IsComplete;
            }
        }
        Assert.Equal(0, collector.BytesHeld);
        return calls.Count == 3 && calls[0].SequenceEqual(s_first) && calls[1].SequenceEqual(s_second) && calls[2].SequenceEqual(s_first);
    });

    [Fact]
    public void Bytes_behind_a_call_are_kept_while_it_is_worked_on()
    {
        using var collector = new CallCollector(100);
        Assert.True(collector.Add([.. s_first, .. s_second[..2]]));
        using var call = collector.Take();
        Assert.False(collector.IsComplete);
        Assert.Equal(2, collector.BytesHeld);
        Assert.True(collector.Add(s_second.AsSpan(2)));
        Assert.Equal(s_first, call.Bytes.ToArray());
        using var next = collector.Take();
        Assert.Equal(s_second, next.Bytes.ToArray());
    }

    [Fact]
    public void What_is_no_call_or_too_long_is_refused_wherever_it_stands()
    {
        using var collector = new CallCollector(10);
        Assert.Throws<MsgPackException>(() => collector.Add([0x80, 0xda, 0x00, 0x0b]));
        using var second = new CallCollector(10);
        Assert.True(second.Add([.. s_first, 0xc1]));
        using var call = second.Take();
        Assert.Equal(s_first, call.Bytes.ToArray());
        Assert.True(second.IsBroken);
        Assert.Throws<MsgPackException>(() => second.Add(s_second));
    }
}
