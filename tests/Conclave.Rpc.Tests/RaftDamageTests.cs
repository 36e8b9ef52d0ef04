using Conclave.Core.Codec;
using Conclave.Rpc.Raft;

namespace Conclave.Rpc.Tests;

public class RaftDamageTests
{
    // Codes of every family of values, and the ends of the ranges between them.
    private static readonly byte[] s_codes = [0x00, 0x04, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc3, 0xc6, 0xc9, 0xcb, 0xcf, 0xd3, 0xd8, 0xdb, 0xdd, 0xdf, 0xff];

    [Fact]
    public void A_message_cut_anywhere_is_incomplete_and_never_read()
    {
        foreach (var vector in RaftVector.All)
            for (int length = 0; length < vector.Bytes.Length; length++)
            {
                byte[] cut = vector.Bytes[..length];
                var scanner = ScannerFor(vector);
                Assert.False(scanner.Scan(cut));
                Assert.Equal(length, scanner.BytesScanned);
                Assert.Throws<MsgPackException>(() => Read(vector, cut));
            }
    }

    [Fact]
    public void A_message_is_found_however_it_is_split()
    {
        foreach (var vector in RaftVector.All)
            for (int at = 0; at <= vector.Bytes.Length; at++)
            {
                var scanner = ScannerFor(vector);
                Assert.Equal(at == vector.Bytes.Length, scanner.Scan(vector.Bytes.AsSpan(0, at)));
                Assert.True(scanner.Scan([.. vector.Bytes.AsSpan(at), 0x00, 0xff]));
                Assert.Equal(vector.Bytes.Length, scanner.BytesScanned);
            }
    }

    [Fact]
    public void A_message_is_found_when_it_arrives_byte_by_byte()
    {
        foreach (var vector in RaftVector.All)
        {
            var scanner = ScannerFor(vector);
            for (int at = 0; at < vector.Bytes.Length; at++)
                Assert.Equal(at == vector.Bytes.Length - 1, scanner.Scan(vector.Bytes.AsSpan(at, 1)));
        }
    }

    [Fact]
    public void A_damaged_byte_gives_another_message_or_is_malformed_and_costs_little_memory()
    {
        int read = 0, malformed = 0;
        foreach (var vector in RaftVector.All)
        {
            byte[] damaged = [.. vector.Bytes];
            for (int at = 0; at < damaged.Length; at++)
            {
                byte original = damaged[at];
                foreach (byte code in s_codes)
                {
                    damaged[at] = code;
                    if (CanRecode(vector, damaged)) read++;
                    else malformed++;
                }
                damaged[at] = original;
            }
        }
        Assert.True(read > 1000 && malformed > 1000, $"{read} read, {malformed} malformed");
    }

    private static bool CanRecode(RaftVector vector, byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            RaftVector.Recode(vector.Rpc, vector.IsRequest, bytes);
            return true;
        }
        catch (MsgPackException)
        {
            return false;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
        }
    }

    private static void Read(RaftVector vector, byte[] bytes)
    {
        if (vector.IsRequest) ReadRequest(vector.Rpc, bytes);
        else ReadReply(vector.Rpc, bytes);
    }

    private static void ReadRequest(RaftRpc rpc, byte[] bytes)
    {
        switch (rpc)
        {
            case RaftRpc.AppendEntries: RaftVector.Request<AppendEntriesRequest>(bytes); break;
            case RaftRpc.RequestVote: RaftVector.Request<RequestVoteRequest>(bytes); break;
            case RaftRpc.InstallSnapshot: RaftVector.Request<InstallSnapshotRequest>(bytes); break;
            default: RaftVector.Request<TimeoutNowRequest>(bytes); break;
        }
    }

    private static void ReadReply(RaftRpc rpc, byte[] bytes)
    {
        switch (rpc)
        {
            case RaftRpc.AppendEntries: RaftVector.Reply<AppendEntriesResult>(bytes); break;
            case RaftRpc.RequestVote: RaftVector.Reply<RequestVoteResult>(bytes); break;
            case RaftRpc.InstallSnapshot: RaftVector.Reply<InstallSnapshotResult>(bytes); break;
            default: RaftVector.Reply<TimeoutNowResult>(bytes); break;
        }
    }

    private static RaftFrameScanner ScannerFor(RaftVector vector) => vector.IsRequest ? RaftFrameScanner.ForRequest() : RaftFrameScanner.ForReply();
}
