using System.Text;
using Conclave.Gossip.Broadcasts;
using Conclave.Gossip.Packets;
using Conclave.Tests;

namespace Conclave.Gossip.Tests;

public sealed class BroadcastQueueTests
{
    // What the header and the length of one part, of two, take.
    private const int RoomForOne = 4, RoomForTwo = 6;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 4)]
    [InlineData(9, 4)]
    [InlineData(10, 8)]
    [InlineData(99, 8)]
    [InlineData(100, 12)]
    [InlineData(999, 12)]
    public void Messages_are_sent_more_often_in_larger_pools(int members, int expected) => Assert.Equal(expected, BroadcastQueue.TransmitLimit(4, members));

    [Fact]
    public void A_message_leaves_after_its_last_transmission()
    {
        var queue = new BroadcastQueue(10);
        ulong ticket = queue.Add(Message("a"));
        for (int i = 0; i < 3; i++)
        {
            Assert.True(queue.IsPending(ticket));
            Assert.Equal(["a"], Fill(queue, 100, transmitLimit: 3));
        }
        Assert.False(queue.IsPending(ticket));
        Assert.Equal(0, queue.Count);
        Assert.Empty(Fill(queue, 100, transmitLimit: 3));
    }

    [Fact]
    public void Those_sent_least_go_first_then_the_longest_then_the_newest()
    {
        var queue = new BroadcastQueue(10);
        queue.Add(Message("old"));
        Assert.Equal(["old"], Fill(queue, 100));
        queue.Add(Message("x"));
        queue.Add(Message("longer"));
        queue.Add(Message("y"));
        Assert.Equal(["longer", "y", "x", "old"], Fill(queue, 100));
    }

    [Fact]
    public void A_message_too_long_for_the_room_makes_way_for_shorter_ones()
    {
        var queue = new BroadcastQueue(10);
        queue.Add(Message("much too long"));
        queue.Add(Message("b"));
        queue.Add(Message("cc"));
        Assert.Equal(["cc"], Fill(queue, RoomForOne + 2));
        Assert.Equal(["b", "cc"], Fill(queue, RoomForTwo + 3));
        Assert.Equal(3, queue.Count);
    }

    [Fact]
    public void A_newer_message_about_the_same_member_replaces_the_older_one()
    {
        var queue = new BroadcastQueue(10);
        ulong first = queue.Add(Message("suspect n1"), "n1");
        Fill(queue, 100);
        ulong second = queue.Add(Message("alive n1"), "n1");
        queue.Add(Message("alive n2"), "n2");
        queue.Add(Message("join"));
        queue.Add(Message("join"));
        Assert.False(queue.IsPending(first));
        Assert.True(queue.IsPending(second));
        Assert.Equal(["alive n2", "alive n1", "join", "join"], Fill(queue, 100));
    }

    [Fact]
    public void A_full_queue_gives_up_what_was_sent_most()
    {
        var queue = new BroadcastQueue(2);
        ulong sent = queue.Add(Message("sent"), "a");
        Fill(queue, 100);
        ulong fresh = queue.Add(Message("fresh"));
        ulong last = queue.Add(Message("last"), "b");
        Assert.Equal((2, 1L), (queue.Count, queue.Dropped));
        Assert.False(queue.IsPending(sent));
        Assert.True(queue.IsPending(fresh) && queue.IsPending(last));
        queue.Clear();
        Assert.Equal(0, queue.Count);
        Assert.Empty(Fill(queue, 100));
    }

    [Fact]
    public void Whatever_happens_no_message_is_sent_too_often_or_twice_in_a_packet_and_the_bound_holds() =>
        Property.Check<byte[]>(steps =>
        {
            var queue = new BroadcastQueue(5);
            var sent = new Dictionary<string, int>();
            for (int i = 0; i < steps.Length; i++)
            {
                if (steps[i] % 2 == 0) queue.Add(Message($"{i}:{new string('x', steps[i] % 7)}"), steps[i] % 3 == 0 ? $"{steps[i] % 4}" : null);
                else
                {
                    var packet = Fill(queue, 10 + steps[i] % 50);
                    if (packet.Distinct().Count() != packet.Count) return false;
                    foreach (string message in packet) sent[message] = sent.GetValueOrDefault(message) + 1;
                }
                if (queue.Count > 5) return false;
            }
            return sent.Values.All(times => times <= 4);
        });

    private static ReadOnlyMemory<byte> Message(string text) => Encoding.UTF8.GetBytes(text);

    private static List<string> Fill(BroadcastQueue queue, int bytesMax, int transmitLimit = 4)
    {
        var packet = new CompoundWriter(bytesMax);
        int added = queue.Fill(packet, transmitLimit);
        if (added == 0) return [];
        var built = packet.Build();
        var texts = new List<string>();
        if (added == 1) texts.Add(Encoding.UTF8.GetString(built));
        for (int i = 0, at = 2 + 2 * added; added > 1 && i < added; i++)
        {
            int length = built[2 + 2 * i] << 8 | built[3 + 2 * i];
            texts.Add(Encoding.UTF8.GetString(built.Slice(at, length)));
            at += length;
        }
        return texts;
    }
}
