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
    public void A_full_queue_gives_up_what_was_sent_most()
    {
        var queue = new BroadcastQueue(2);
        ulong sent = queue.Add(Message("sent"));
        Fill(queue, 100);
        ulong fresh = queue.Add(Message("fresh"));
        ulong last = queue.Add(Message("last"));
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
                if (steps[i] % 2 == 0) queue.Add(Message($"{i}:{new string('x', steps[i] % 7)}"));
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

    [Fact]
    public void Whatever_comes_and_goes_the_order_is_that_of_a_sorted_list() =>
        Property.Check<byte[]>(steps =>
        {
            var tiers = new BroadcastTiers<Note>();
            var model = new List<Note>();
            foreach (byte step in steps)
            {
                if (step < 120) Add(new Note(1 + step % 3, sent: step % 2 * step / 40) { Ticket = tiers.NextTicket() });
                else if (step < 140 && model.Count > 0) Add(Drop(model[step % model.Count]).Again());
                else if (step < 160 && model.Count > 0) Drop(model[step % model.Count]);
                else if (step < 170 && tiers.MostSent() != model.OrderByDescending(note => note.Sent).ThenBy(note => note.Length).ThenBy(note => note.Ticket).FirstOrDefault()) return false;
                else if (!TakeSame(step % 4)) return false;
                if (tiers.Count != model.Count) return false;
            }
            return true;

            void Add(Note note)
            {
                tiers.Insert(note);
                model.Add(note);
            }

            Note Drop(Note note)
            {
                tiers.Remove(note);
                model.Remove(note);
                return note;
            }

            bool TakeSame(int room)
            {
                int tier = 0;
                var expected = model.Where(note => note.Length <= room).OrderBy(note => note.Sent).ThenByDescending(note => note.Length).ThenByDescending(note => note.Ticket).FirstOrDefault();
                if (expected is not null) model.Remove(expected);
                return tiers.TryTake(ref tier, room) == expected;
            }
        }, runs: 1000);

    private static byte[] Message(string text) => Encoding.UTF8.GetBytes(text);

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

    private sealed class Note : Broadcast
    {
        public Note(int length, int sent) => (Length, Sent) = (length, sent);

        public Note Again()
        {
            Sent++;
            return this;
        }
    }
}
