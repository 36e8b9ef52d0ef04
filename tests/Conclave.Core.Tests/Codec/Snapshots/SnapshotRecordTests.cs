using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Core.Tests.Codec.Snapshots;

public class SnapshotRecordTests
{
    public static TheoryData<string> Archives => [.. SnapshotStates.Names];

    [Theory]
    [MemberData(nameof(Archives))]
    public void Recorded_states_are_written_again_byte_for_byte_except_unordered_maps(string archive)
    {
        var state = SnapshotStates.Load(archive);
        var again = Rewrite(new(state), out var records);
        Assert.Equal(state.Length, again.Length);
        // Real servers write the maps of nodes in random order; a second pass has nothing left to change.
        Assert.Equal(again, Rewrite(new(again), out _));
        foreach (var (start, length, type) in records.Where(r => r.Type != (byte)CommandType.Register))
            Assert.True(state.AsSpan(start, length).SequenceEqual(again.AsSpan(start, length)), $"record of type {type} at {start}");
    }

    [Fact]
    public void Pieces_of_any_size_give_the_same_records()
    {
        var state = SnapshotStates.Load("acl-connect.snap");
        foreach (int size in (int[])[1, 2, 7, 100, 4096])
        {
            var reader = new SnapshotRecordReader();
            var pending = ReadOnlySequence<byte>.Empty;
            using var output = new PooledBuffer();
            bool header = false;
            for (int at = 0; at < state.Length; at += size)
            {
                pending = new([.. pending.ToArray(), .. state.AsSpan(at, Math.Min(size, state.Length - at))]);
                if (!header && (header = reader.TryReadHeader(ref pending, out ulong last))) SnapshotRecordWriter.WriteHeader(output, last);
                while (header && reader.TryRead(ref pending, out var record)) SnapshotRecordWriter.Write(output, record);
            }
            Assert.True(pending.IsEmpty);
            Assert.Equal(Rewrite(new(state), out _), output.ToArray());
        }
    }

    [Fact]
    public void A_cut_stream_leaves_input_behind()
    {
        var state = SnapshotStates.Load("fresh-single-server.snap");
        var rest = new ReadOnlySequence<byte>(state.AsMemory(0, state.Length - 1));
        var reader = new SnapshotRecordReader();
        Assert.True(reader.TryReadHeader(ref rest, out ulong last));
        Assert.Equal(7UL, last);
        while (reader.TryRead(ref rest, out _)) { }
        Assert.False(rest.IsEmpty);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(32)]
    [InlineData(128)]
    [InlineData(134)]
    public void Kinds_that_no_snapshot_holds_are_refused(byte type)
    {
        var input = new ReadOnlySequence<byte>([type, 0x80]);
        Assert.Throws<MsgPackException>(() => new SnapshotRecordReader().TryRead(ref input, out _));
    }

    [Fact]
    public void A_record_above_the_bound_is_refused_before_it_is_there()
    {
        var input = new ReadOnlySequence<byte>([2, 0xdb, 0x7f, 0xff, 0xff, 0xff]);
        Assert.Throws<MsgPackException>(() => new SnapshotRecordReader(1 << 20).TryRead(ref input, out _));
    }

    [Fact]
    public void Unfinished_commands_survive()
    {
        var chunks = new ChunkState([new(3, [new(3, 0, 2, 9, "ab"u8.ToArray()), null]), new(ulong.MaxValue, [])]);
        using var output = new PooledBuffer();
        SnapshotRecordWriter.Write(output, SnapshotRecord.Of(chunks));
        var input = new ReadOnlySequence<byte>(output.ToArray());
        Assert.True(new SnapshotRecordReader().TryRead(ref input, out var record));
        Assert.Equal([3UL, ulong.MaxValue], record.Chunks!.Operations.Select(operation => operation.OpNum));
        var read = record.Chunks.Operations[0].Chunks;
        Assert.Null(read[1]);
        Assert.Equal((3UL, 0U, 2U, 9UL), (read[0]!.OpNum, read[0]!.SequenceNum, read[0]!.NumChunks, read[0]!.Term));
        Assert.Equal("ab"u8, read[0]!.Data.Span);
    }

    [Theory]
    [InlineData(0, "Register")]
    [InlineData(4, "ACL")]
    [InlineData(17, "ACLToken")]
    [InlineData(29, "ChunkingState")]
    [InlineData(99, "Unknown(99)")]
    public void Names_are_those_that_inspect_prints(byte type, string name) => Assert.Equal(name, SnapshotRecordTypes.NameOf(type));

    private static byte[] Rewrite(ReadOnlySequence<byte> state, out List<(int Start, int Length, byte Type)> records)
    {
        records = [];
        var reader = new SnapshotRecordReader();
        using var output = new PooledBuffer();
        Assert.True(reader.TryReadHeader(ref state, out ulong last));
        SnapshotRecordWriter.WriteHeader(output, last);
        while (true)
        {
            int start = (int)reader.BytesRead;
            if (!reader.TryRead(ref state, out var record)) break;
            SnapshotRecordWriter.Write(output, record);
            records.Add((start, (int)reader.BytesRead - start, (byte)record.Type));
        }
        Assert.True(state.IsEmpty);
        return output.ToArray();
    }
}
