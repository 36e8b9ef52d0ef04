using System.Text;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Rpc.Raft;

namespace Conclave.Rpc.Tests;

public class RaftVectorTests
{
    [Fact]
    public void Every_recorded_message_is_written_again_byte_for_byte()
    {
        Assert.Equal(50, RaftVector.All.Count);
        foreach (var vector in RaftVector.All)
            Assert.True(vector.Bytes.AsSpan().SequenceEqual(RaftVector.Recode(vector.Rpc, vector.IsRequest, vector.Bytes)), vector.Name);
    }

    [Fact]
    public void Recorded_appends_decode_to_what_is_recorded()
    {
        int entries = 0;
        foreach (var vector in RaftVector.All.Where(vector => vector is { Rpc: RaftRpc.AppendEntries, IsRequest: true }))
        {
            var request = RaftWireCodec.ReadRequest<AppendEntriesRequest>(vector.Bytes);
            Assert.Equal(Number(vector, "Term"), request.Term);
            Assert.Equal(Number(vector, "PrevLogEntry"), request.PrevLogEntry);
            Assert.Equal(Number(vector, "PrevLogTerm"), request.PrevLogTerm);
            Assert.Equal(Number(vector, "LeaderCommitIndex"), request.LeaderCommitIndex);
            Assert.Equal(vector.Decoded.GetProperty("Leader").GetString(), Encoding.UTF8.GetString(request.Leader.Span));
            Assert.True(request.Header.IsSupported);
            Assert.True(request.Header.Id.IsNil && request.Header.Address.IsNil);
            entries += AssertSameEntries(vector.Decoded.GetProperty("Entries"), request.Entries);
        }
        Assert.True(entries >= 20);
    }

    [Fact]
    public void Recorded_votes_and_snapshots_decode_to_what_is_recorded()
    {
        foreach (var vector in RaftVector.All.Where(vector => vector is { Rpc: RaftRpc.RequestVote, IsRequest: true }))
        {
            var vote = RaftWireCodec.ReadRequest<RequestVoteRequest>(vector.Bytes);
            Assert.Equal((Number(vector, "Term"), Number(vector, "LastLogIndex"), Number(vector, "LastLogTerm")), (vote.Term, vote.LastLogIndex, vote.LastLogTerm));
            Assert.Equal(vector.Decoded.GetProperty("LeadershipTransfer").GetBoolean(), vote.LeadershipTransfer);
            Assert.Equal(vector.Decoded.GetProperty("Candidate").GetString(), Encoding.UTF8.GetString(vote.Candidate.Span));
        }
        foreach (var vector in RaftVector.All.Where(vector => vector is { Rpc: RaftRpc.InstallSnapshot, IsRequest: true }))
        {
            var install = RaftWireCodec.ReadRequest<InstallSnapshotRequest>(vector.Bytes);
            Assert.Equal((Number(vector, "Term"), Number(vector, "LastLogIndex"), Number(vector, "LastLogTerm")), (install.Term, install.LastLogIndex, install.LastLogTerm));
            Assert.Equal((Number(vector, "ConfigurationIndex"), Number(vector, "Size")), (install.ConfigurationIndex, (ulong)install.Size));
            Assert.Equal(InstallSnapshotRequest.CurrentSnapshotVersion, install.SnapshotVersion);
            Assert.True(install.Configuration.Length > 0 && install.Peers.Length > 0);
        }
    }

    [Fact]
    public void Recorded_replies_decode_to_what_is_recorded()
    {
        foreach (var vector in RaftVector.All.Where(vector => vector is { Rpc: RaftRpc.AppendEntries, IsRequest: false }))
        {
            var reply = RaftWireCodec.ReadReply<AppendEntriesResult>(vector.Bytes);
            var expected = vector.Decoded.GetProperty("reply");
            Assert.Equal("", reply.Error);
            Assert.Equal(expected.GetProperty("LastLog").GetUInt64(), reply.Result!.Value.LastLog);
            Assert.Equal(expected.GetProperty("Success").GetBoolean(), reply.Result.Value.Success);
            Assert.Equal(expected.GetProperty("NoRetryBackoff").GetBoolean(), reply.Result.Value.NoRetryBackoff);
        }
    }

    [Fact]
    public void The_recorded_connection_of_a_new_leader_is_read_to_its_end()
    {
        byte[] stream = RaftVector.Stream;
        Assert.Equal(PrefaceForm.Selector, ConnectionPreface.Read(stream[0], out var kind));
        Assert.Equal(ConnectionKind.Raft, kind);
        int at = 1, requests = 0;
        for (; at < stream.Length; requests++)
        {
            byte[] written = RaftVector.Recode(default, isRequest: true, stream[at..]);
            Assert.Equal(stream[at..(at + written.Length)], written);
            at += written.Length;
        }
        Assert.Equal((8, stream.Length), (requests, at));
    }

    [Fact]
    public void Only_the_recorded_heartbeat_has_the_shape_of_one()
    {
        foreach (var vector in RaftVector.All.Where(vector => vector is { Rpc: RaftRpc.AppendEntries, IsRequest: true }))
            Assert.Equal(vector.Name == "heartbeat request", RaftWireCodec.ReadRequest<AppendEntriesRequest>(vector.Bytes).IsHeartbeat);
    }

    private static ulong Number(RaftVector vector, string name) => vector.Decoded.GetProperty(name).GetUInt64();

    private static int AssertSameEntries(JsonElement expected, RaftEntry[]? entries)
    {
        Assert.Equal(expected.ValueKind == JsonValueKind.Null, entries is null);
        if (entries is null) return 0;
        Assert.Equal(expected.GetArrayLength(), entries.Length);
        foreach (var (json, entry) in expected.EnumerateArray().Zip(entries))
        {
            Assert.Equal((json.GetProperty("Index").GetUInt64(), json.GetProperty("Term").GetUInt64()), (entry.Index, entry.Term));
            Assert.StartsWith($"{(int)entry.Type} ", json.GetProperty("Type").GetString());
            Assert.Equal(json.GetProperty("Data").ValueKind == JsonValueKind.Null, entry.Data.IsNil);
            Assert.True(entry.AppendedAt!.Value.TryToWallTime(out _));
        }
        return entries.Length;
    }
}
