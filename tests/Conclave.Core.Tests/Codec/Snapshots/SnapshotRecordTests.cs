using System.Buffers;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Tests;

namespace Conclave.Core.Tests.Codec.Snapshots;

public class SnapshotRecordTests
{
    private const int RecordBytesMax = 1 << 20;

    public static TheoryData<string> Archives => [.. SnapshotStates.Names];

    [Theory]
    [MemberData(nameof(Archives))]
    public void Recorded_states_consist_of_legal_records_to_their_last_byte(string archive)
    {
        var records = Read(new(SnapshotStates.Load(archive)), out ulong lastIndex);
        Assert.True(lastIndex > 0);
        Assert.All(records, record => Assert.True(SnapshotRecordTypes.IsLegal(record.Type)));
        Assert.Equal(29, records[^1].Type);
    }

    [Theory]
    [MemberData(nameof(Archives))]
    public void Typed_records_are_encoded_again_byte_for_byte_except_unordered_maps(string archive)
    {
        foreach (var (type, bytes) in Read(new(SnapshotStates.Load(archive)), out _))
        {
            if (Recode(type, bytes) is not { } again) continue;
            Assert.Equal(bytes.Length, again.Length);
            // Real servers write the maps of nodes in random order; a second pass has nothing left to change.
            Assert.Equal(again, Recode(type, again));
            if (type != 0) Assert.Equal(bytes, again);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(4096)]
    public void Pieces_of_any_size_give_the_same_records(int size)
    {
        var state = SnapshotStates.Load("acl-connect.snap");
        var whole = Read(new(state), out _);
        var reader = new SnapshotRecordReader(RecordBytesMax);
        var pending = ReadOnlySequence<byte>.Empty;
        var records = new List<(byte Type, byte[] Value)>();
        bool header = false;
        for (int at = 0; at < state.Length; at += size)
        {
            pending = new([.. pending.ToArray(), .. state.AsSpan(at, Math.Min(size, state.Length - at))]);
            header = header || reader.TryReadHeader(ref pending, out _);
            while (header && reader.TryRead(ref pending, out byte type, out var value)) records.Add((type, value.ToArray()));
        }
        Assert.True(pending.IsEmpty);
        Assert.Equal(whole.Select(record => record.Type), records.Select(record => record.Type));
        Assert.All(whole.Zip(records), pair => Assert.Equal(pair.First.Value, pair.Second.Value));
    }

    [Fact]
    public void A_cut_stream_leaves_input_behind()
    {
        var state = SnapshotStates.Load("fresh-single-server.snap");
        var rest = new ReadOnlySequence<byte>(state.AsMemory(0, state.Length - 1));
        var reader = new SnapshotRecordReader(RecordBytesMax);
        Assert.True(reader.TryReadHeader(ref rest, out ulong last));
        Assert.Equal(7UL, last);
        while (reader.TryRead(ref rest, out _, out _)) { }
        Assert.False(rest.IsEmpty);
    }

    [Fact]
    public void A_record_above_the_bound_is_refused_before_it_is_there()
    {
        var input = new ReadOnlySequence<byte>([2, 0xdb, 0x7f, 0xff, 0xff, 0xff]);
        Assert.Throws<MsgPackException>(() => new SnapshotRecordReader(RecordBytesMax).TryRead(ref input, out _, out _));
    }

    [Fact]
    public void Log_commands_and_marked_types_are_no_records()
    {
        byte[] legal = [0, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15, 16, 17, 19, 22, 23, 25, 27, 29, 30, 31];
        Assert.Equal(legal, Enumerable.Range(0, 256).Select(type => (byte)type).Where(SnapshotRecordTypes.IsLegal));
    }

    [Fact]
    public void Names_are_those_that_inspect_prints()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "snapshot", "cases.json")));
        Assert.Contains("msg type " + SnapshotRecordTypes.NameOf(29), document.RootElement.GetProperty("state-cut").GetProperty("inspect_stderr").GetString());
        Assert.Equal(["ACL", "ACLToken", "ACLPolicy", "ACLRole", "KVS", "Unknown(99)"], new byte[] { 4, 17, 19, 23, 2, 99 }.Select(SnapshotRecordTypes.NameOf));
    }

    private static byte[]? Recode(byte type, byte[] bytes)
    {
        using var buffer = new PooledBuffer();
        var reader = new MsgPackReader(bytes);
        var writer = new MsgPackWriter(buffer);
        switch (type)
        {
            case 0: RegisterRequestCodec.Write(ref writer, RegisterRequestCodec.Read(ref reader), token: ""); break;
            case 2 or 5: KvEntryCodec.Write(ref writer, KvEntryCodec.Read(ref reader)); break;
            case 3: SessionCodec.Write(ref writer, SessionCodec.Read(ref reader)); break;
            case 6: CoordinateCodec.WriteBatch(ref writer, CoordinateCodec.ReadBatch(ref reader)); break;
            case 9: AutopilotConfigCodec.Write(ref writer, AutopilotConfigCodec.Read(ref reader)); break;
            default: return null;
        }
        writer.Flush();
        return buffer.ToArray();
    }

    private static List<(byte Type, byte[] Value)> Read(ReadOnlySequence<byte> state, out ulong lastIndex)
    {
        var records = new List<(byte, byte[])>();
        var reader = new SnapshotRecordReader(RecordBytesMax);
        Assert.True(reader.TryReadHeader(ref state, out lastIndex));
        while (reader.TryRead(ref state, out byte type, out var value)) records.Add((type, value.ToArray()));
        Assert.True(state.IsEmpty);
        return records;
    }
}
