using System.Buffers;
using Conclave.Core.Codec;

namespace Conclave.Core.Tests.Codec;

public class MsgPackVectorTests
{
    // A tree costs up to a boxed number, a list slot and half-empty lists for each byte of input; a believed length would cost gigabytes.
    private const long AllocatedPerByte = 200, AllocatedAtLeast = 64 * 1024;

    [Fact]
    public void Recorded_calls_are_encoded_again_byte_for_byte()
    {
        Assert.True(RecordedCalls.All.Count > 450);
        foreach (var call in RecordedCalls.All) Assert.True(call.Bytes.AsSpan().SequenceEqual(Reencode(new(call.Bytes))), call.Name);
    }

    [Fact]
    public void Recorded_calls_consist_of_two_values_each()
    {
        // Requests to save a snapshot and their headers stand alone; everything else is a call.
        foreach (var call in RecordedCalls.All.Where(call => !call.Name.Contains(".snapshot.")))
        {
            var rest = new ReadOnlySequence<byte>(call.Bytes);
            for (int value = 0; value < 2; value++)
            {
                Assert.True(MsgPackScanner.TryMeasure(rest, rest.Length, out long size), call.Name);
                rest = rest.Slice(size);
            }
            Assert.True(rest.IsEmpty, call.Name);
        }
    }

    [Fact]
    public void Every_truncation_is_seen_as_incomplete()
    {
        foreach (var call in RecordedCalls.All)
        {
            var scanner = new MsgPackScanner(call.Bytes.Length);
            for (int length = 0; length < call.Bytes.Length && !scanner.IsComplete; length++)
            {
                Assert.Throws<MsgPackException>(() => ReadOne(call.Bytes.AsMemory(0, length)));
                scanner.Scan(call.Bytes.AsSpan(length, 1));
            }
            Assert.True(scanner.IsComplete, call.Name);
            Assert.Equal(scanner.BytesScanned, ReadOne(call.Bytes));
        }
    }

    [Fact]
    public void Every_cut_into_two_pieces_gives_the_same_values()
    {
        foreach (var call in RecordedCalls.All.Where(call => call.Bytes.Length < 1000))
            for (int at = 0; at <= call.Bytes.Length; at++)
                Assert.True(call.Bytes.AsSpan().SequenceEqual(Reencode(Pieces.CutAt(call.Bytes, at))), $"{call.Name} cut at {at}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    public void Pieces_of_any_size_give_the_same_values(int size)
    {
        foreach (var call in RecordedCalls.All)
        {
            var pieces = Pieces.OfSize(call.Bytes, size);
            Assert.True(call.Bytes.AsSpan().SequenceEqual(Reencode(pieces)), call.Name);
            Assert.True(MsgPackScanner.TryMeasure(pieces, call.Bytes.Length, out long first));
            Assert.Equal(first, ReadOne(call.Bytes));
        }
    }

    [Fact]
    public void Every_damaged_byte_is_refused_or_another_value_without_runaway_memory()
    {
        foreach (var call in RecordedCalls.All.Where(call => call.Bytes.Length < 600))
        {
            var bytes = call.Bytes.ToArray();
            for (int at = 0; at < bytes.Length; at++)
            {
                byte original = bytes[at];
                foreach (byte damage in (byte[])[(byte)(original ^ 1), (byte)(original ^ 0x80), (byte)~original, 0xc1, 0xdb, 0xdd, 0xdf])
                {
                    bytes[at] = damage;
                    ReadWithinBounds(bytes);
                }
                bytes[at] = original;
            }
        }
    }

    [Theory]
    [InlineData("dd7fffffff")]                                      // two thousand million values
    [InlineData("ddffffffff")]
    [InlineData("df7fffffff")]
    [InlineData("db7fffffff")]
    [InlineData("dbffffffff")]
    [InlineData("c6ffffffff")]
    [InlineData("dc0010" + "dd0000000e" + "dd00000008" + "dd00000003" + "010101")]
    [InlineData("daffff61")]
    [InlineData("81a161df7fffffffa162c0")]
    public void Lengths_beyond_the_input_are_not_believed(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.False(ReadWithinBounds(bytes));
        Assert.Throws<MsgPackException>(() => Skip(bytes));
        Assert.Throws<MsgPackException>(() => MsgPackScanner.TryMeasure(new(bytes), 1 << 16, out _) ? 0 : throw new MsgPackException("incomplete", 0));
    }

    [Fact]
    public void Lists_within_lists_that_all_claim_the_rest_cost_little()
    {
        // Each list announces as many values as bytes follow it: believed, they would cost the square of the input.
        var bytes = new byte[60 * 5 + 20_000];
        for (int i = 0; i < 60; i++)
        {
            bytes[i * 5] = 0xdd;
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(i * 5 + 1), bytes.Length - i * 5 - 5);
        }
        Assert.False(ReadWithinBounds(bytes));
    }

    [Fact]
    public void Nesting_is_bounded_when_read_and_not_when_skipped()
    {
        byte[] Nested(int depth) => [.. Enumerable.Repeat((byte)0x91, depth), 0xc0];
        Assert.Equal(MsgPackTree.DepthMax + 1, ReadOne(Nested(MsgPackTree.DepthMax)));
        Assert.Throws<MsgPackException>(() => ReadOne(Nested(MsgPackTree.DepthMax + 1)));
        Assert.Equal(100_001, Skip(Nested(100_000)));
    }

    private static byte[] Reencode(ReadOnlySequence<byte> input)
    {
        using var buffer = new PooledBuffer();
        var reader = new MsgPackReader(input);
        var writer = new MsgPackWriter(buffer);
        while (!reader.IsAtEnd) MsgPackTree.WriteValue(ref writer, MsgPackTree.ReadValue(ref reader));
        writer.Flush();
        return buffer.ToArray();
    }

    private static long ReadOne(ReadOnlyMemory<byte> input)
    {
        var reader = new MsgPackReader(input);
        MsgPackTree.ReadValue(ref reader);
        return reader.Offset;
    }

    private static long Skip(byte[] input)
    {
        var reader = new MsgPackReader(input);
        reader.Skip();
        return reader.Offset;
    }

    private static bool ReadWithinBounds(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool valid = true;
        try
        {
            var reader = new MsgPackReader(bytes);
            while (!reader.IsAtEnd) MsgPackTree.ReadValue(ref reader);
        }
        catch (MsgPackException)
        {
            valid = false;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocatedAtLeast + bytes.Length * AllocatedPerByte);
        return valid;
    }
}
