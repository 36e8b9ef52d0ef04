using System.Buffers;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Rpc.Raft;

namespace Conclave.Rpc.Tests;

public class RaftFormTests
{
    private static readonly RaftHeader s_newer = new() { ProtocolVersion = 3, Id = Encoding.UTF8.GetBytes("a1"), Address = Encoding.UTF8.GetBytes("10.0.0.1:8300") };

    [Fact]
    public void Id_and_address_of_newer_senders_are_read_and_written()
    {
        AssertNewer(new AppendEntriesRequest { Header = s_newer, Term = 7, Entries = [] }, request => request.Header);
        AssertNewer(new RequestVoteRequest { Header = s_newer, Term = 7 }, request => request.Header);
        AssertNewer(new RequestPreVoteRequest { Header = s_newer, Term = 7, LastLogIndex = 300, LastLogTerm = 6 }, request => request.Header);
        AssertNewer(new InstallSnapshotRequest { Header = s_newer, Size = 1 << 20 }, request => request.Header);
        AssertNewer(new TimeoutNowRequest { Header = s_newer }, request => request.Header);
    }

    [Fact]
    public void Names_are_written_sorted_with_all_fields_of_newer_senders()
    {
        AssertSorted(RaftVector.Encode(new AppendEntriesRequest { Header = s_newer }), skip: 1, fields: 9);
        AssertSorted(RaftVector.Encode(new RequestVoteRequest { Header = s_newer }), skip: 1, fields: 8);
        AssertSorted(RaftVector.Encode(new RequestPreVoteRequest { Header = s_newer }), skip: 1, fields: 6);
        AssertSorted(RaftVector.Encode(new InstallSnapshotRequest { Header = s_newer }), skip: 1, fields: 12);
        AssertSorted(RaftVector.Encode(new TimeoutNowRequest { Header = s_newer }), skip: 1, fields: 3);
        AssertSorted(RaftVector.Encode(new RaftReply<AppendEntriesResult>("", new() { Header = s_newer })), skip: 1, fields: 7);
        AssertSorted(RaftVector.Encode(new RaftReply<RequestVoteResult>("", new() { Header = s_newer })), skip: 1, fields: 6);
        AssertSorted(RaftVector.Encode(new RaftReply<RequestPreVoteResult>("", new() { Header = s_newer })), skip: 1, fields: 5);
        AssertSorted(RaftVector.Encode(new RaftReply<InstallSnapshotResult>("", new() { Header = s_newer })), skip: 1, fields: 5);
        AssertSorted(RaftVector.Encode(new RaftReply<TimeoutNowResult>("", new() { Header = s_newer })), skip: 1, fields: 3);
    }

    [Fact]
    public void Array_in_declared_order_is_read()
    {
        byte[] bytes = Write((ref MsgPackWriter writer) =>
        {
            writer.WriteRawByte((byte)RaftRpc.RequestVote);
            writer.WriteArrayHeader(6);
            writer.Write(3L);
            writer.Write(9UL);
            writer.Write("10.0.0.1:8300"u8);
            writer.Write(12UL);
            writer.Write(8UL);
            writer.Write(true);
        });
        var vote = RaftWireCodec.ReadRequest<RequestVoteRequest>(bytes);
        Assert.Equal((3, 9UL, 12UL, 8UL, true), (vote.Header.ProtocolVersion, vote.Term, vote.LastLogIndex, vote.LastLogTerm, vote.LeadershipTransfer));
        Assert.Equal("10.0.0.1:8300"u8, vote.Candidate.Span);
    }

    [Fact]
    public void Newer_forms_unknown_names_and_missing_fields_are_read()
    {
        // map16; a text name of 8-bit length; a number as truth value; a bin field; an unknown name with a nested value and an extension; no version.
        byte[] bytes =
        [
            0x01, 0xde, 0x00, 0x04,
            0xd9, 0x04, .. "Term"u8, 0xcf, 0, 0, 0, 0, 0, 0, 0, 5,
            0xa7, .. "Unknown"u8, 0x82, 0xa1, (byte)'x', 0x92, 0xd4, 0x01, 0x02, 0xc0, 0xa1, (byte)'y', 0x80,
            0xb2, .. "LeadershipTransfer"u8, 0x01,
            0xa9, .. "Candidate"u8, 0xc4, 0x02, .. "me"u8,
        ];
        var scanner = RaftFrameScanner.ForRequest();
        Assert.True(scanner.Scan(bytes));
        var vote = RaftWireCodec.ReadRequest<RequestVoteRequest>(bytes);
        Assert.Equal((5UL, true, 0), (vote.Term, vote.LeadershipTransfer, vote.Header.ProtocolVersion));
        Assert.Equal("me"u8, vote.Candidate.Span);
        Assert.False(vote.Header.IsSupported);
    }

    [Fact]
    public void Binary_names_are_refused()
    {
        byte[] bytes = [0x03, 0x81, 0xc4, 0x0f, .. "ProtocolVersion"u8, 0x03];
        Assert.Throws<MsgPackException>(() => RaftWireCodec.ReadRequest<TimeoutNowRequest>(bytes));
    }

    [Fact]
    public void Entries_without_time_and_with_extensions_come_back_the_same()
    {
        var sent = new AppendEntriesRequest
        {
            Header = new() { ProtocolVersion = 3 }, Term = 2, Leader = Encoding.UTF8.GetBytes("x"),
            Entries = [new() { Index = 5, Term = 2, Data = new byte[] { 2 }, Extensions = Array.Empty<byte>() }, new() { Index = 6, Term = 2, Type = (RaftEntryType)200 }],
        };
        byte[] bytes = RaftVector.Encode(sent);
        var read = RaftWireCodec.ReadRequest<AppendEntriesRequest>(bytes);
        Assert.Null(read.Entries![0].AppendedAt);
        Assert.False(read.Entries[0].Extensions.IsNil);
        Assert.True(read.Entries[1].Extensions.IsNil);
        Assert.Equal((RaftEntryType)200, read.Entries[1].Type);
        Assert.Equal(bytes, RaftVector.Encode(read));
    }

    [Fact]
    public void An_error_travels_with_and_without_a_result()
    {
        byte[] refused = RaftVector.Encode(new RaftReply<AppendEntriesResult>(RaftHeader.UnsupportedVersionError, null));
        var reply = RaftWireCodec.ReadReply<AppendEntriesResult>(refused);
        Assert.Equal(RaftHeader.UnsupportedVersionError, reply.Error);
        Assert.Null(reply.Result);
        Assert.Equal(0xc0, refused[^1]);

        var failed = RaftWireCodec.ReadReply<InstallSnapshotResult>(RaftVector.Encode(new RaftReply<InstallSnapshotResult>("short read", new() { Term = 4 })));
        Assert.Equal(("short read", 4UL, false), (failed.Error, failed.Result!.Value.Term, failed.Result.Value.Success));
    }

    [Fact]
    public void Nil_stands_for_no_error()
    {
        byte[] bytes = [.. RaftVector.BytesOf("heartbeat reply")];
        bytes[0] = 0xc0;
        Assert.Equal("", RaftWireCodec.ReadReply<AppendEntriesResult>(bytes).Error);
    }

    [Fact]
    public void A_heartbeat_is_known_by_its_shape_whatever_its_version()
    {
        var heartbeat = new AppendEntriesRequest { Header = new() { ProtocolVersion = 9 }, Term = 1, Leader = new byte[] { 1 } };
        Assert.True(heartbeat.IsHeartbeat);
        Assert.True(new AppendEntriesRequest { Header = s_newer, Term = 1 }.IsHeartbeat);
        Assert.False(heartbeat with { Term = 0 } is { IsHeartbeat: true });
        Assert.False(heartbeat with { Leader = default } is { IsHeartbeat: true });
        Assert.False(heartbeat with { PrevLogEntry = 1 } is { IsHeartbeat: true });
        Assert.False(heartbeat with { PrevLogTerm = 1 } is { IsHeartbeat: true });
        Assert.False(heartbeat with { LeaderCommitIndex = 1 } is { IsHeartbeat: true });
        Assert.False(heartbeat with { Entries = [default] } is { IsHeartbeat: true });
    }

    [Fact]
    public void A_batch_over_the_bound_is_refused_before_it_takes_memory()
    {
        var request = new AppendEntriesRequest { Entries = new RaftEntry[RaftWireLimits.EntriesMax] };
        Assert.Equal(RaftWireLimits.EntriesMax, RaftWireCodec.ReadRequest<AppendEntriesRequest>(RaftVector.Encode(request)).Entries!.Length);
        byte[] tooMany = RaftVector.Encode(new AppendEntriesRequest { Entries = new RaftEntry[RaftWireLimits.EntriesMax + 1] });
        Assert.Throws<MsgPackException>(() => RaftWireCodec.ReadRequest<AppendEntriesRequest>(tooMany));
    }

    [Fact]
    public void A_claim_of_more_than_the_bound_ends_the_scan_at_the_claim()
    {
        Assert.Throws<MsgPackException>(() => { RaftFrameScanner.ForRequest().Scan([0x00, 0xdb, 0x7f, 0xff, 0xff, 0xff]); });
        Assert.Throws<MsgPackException>(() => { RaftFrameScanner.ForRequest().Scan([0x01, 0xdb, 0x00, 0x20, 0x00, 0x00]); });
        Assert.Throws<MsgPackException>(() => { RaftFrameScanner.ForRequest().Scan([0x02, 0xdf, 0xff, 0xff, 0xff, 0xff]); });
        Assert.Throws<MsgPackException>(() => { RaftFrameScanner.ForReply().Scan([0xdb, 0x00, 0x02, 0x00, 0x00]); });
        Assert.Throws<MsgPackException>(() => { RaftFrameScanner.ForReply().Scan([0xa0, 0xdd, 0x7f, 0xff, 0xff, 0xff]); });
    }

    [Fact]
    public void Unknown_types_bytes_behind_and_negative_sizes_are_malformed()
    {
        Assert.Throws<MsgPackException>(() => RaftWireCodec.TypeOf([5]));
        Assert.Throws<MsgPackException>(() => RaftWireCodec.TypeOf([]));
        Assert.Throws<MsgPackException>(() => { RaftFrameScanner.ForRequest().Scan([5]); });
        Assert.Throws<MsgPackException>(() => RaftWireCodec.ReadRequest<TimeoutNowRequest>(new byte[] { 3, 0x80, 0x80 }));
        Assert.Throws<MsgPackException>(() => RaftWireCodec.ReadRequest<TimeoutNowRequest>(new byte[] { 1, 0x80 }));
        byte[] negative = [0x02, 0x81, 0xa4, .. "Size"u8, 0xff];
        Assert.Throws<MsgPackException>(() => RaftWireCodec.ReadRequest<InstallSnapshotRequest>(negative));
    }

    private static void AssertNewer<T>(T sent, Func<T, RaftHeader> headerOf) where T : struct, IRaftRequest<T>
    {
        byte[] bytes = RaftVector.Encode(sent);
        var read = RaftWireCodec.ReadRequest<T>(bytes);
        Assert.Equal("a1"u8, headerOf(read).Id.Span);
        Assert.Equal("10.0.0.1:8300"u8, headerOf(read).Address.Span);
        Assert.Equal(bytes, RaftVector.Encode(read));
    }

    private static void AssertSorted(byte[] bytes, int skip, int fields)
    {
        var reader = new MsgPackReader(bytes.AsSpan(skip));
        Assert.Equal(fields, reader.ReadMapHeader());
        byte[] last = [];
        for (int i = 0; i < fields; i++)
        {
            byte[] name = reader.ReadKey().ToArray();
            Assert.True(last.AsSpan().SequenceCompareTo(name) < 0, Encoding.UTF8.GetString(name));
            last = name;
            reader.Skip();
        }
        Assert.True(reader.IsAtEnd);
    }

    private delegate void Writing(ref MsgPackWriter writer);

    private static byte[] Write(Writing write)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        write(ref writer);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
