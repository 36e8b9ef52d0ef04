using Conclave.Core.Codec;
using Conclave.Rpc;
using Conclave.Rpc.Raft;

namespace Conclave.Fuzz.Targets;

/// <summary>A whole connection to the server port: its first byte decides who reads the rest.</summary>
internal static class ConnectionTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return;
        Promise.Holds(!ConnectionPreface.TryFromAlpn(data, out var named) || ConnectionPreface.AlpnOf(named).SequenceEqual(data), "names of kinds are found both ways");
        if (ConnectionPreface.Read(data[0], out var kind) != PrefaceForm.Selector) return;
        Promise.Holds(Enum.IsDefined(kind), "a selector names a kind");
        switch (kind)
        {
            case ConnectionKind.SingleCalls: CallTarget.Run(data[1..]); break;
            case ConnectionKind.Raft: ReadRaft(data[1..].ToArray()); break;
            case ConnectionKind.Mux: MuxTarget.Run(data[1..]); break;
        }
    }

    private static void ReadRaft(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                var scanner = RaftFrameScanner.ForRequest();
                if (!scanner.Scan(bytes.Span)) return;
                int size = (int)scanner.BytesScanned;
                Promise.Holds(size > 0 && size <= bytes.Length, "a frame lies within what was scanned");
                ReadRequest(bytes[..size]);
                bytes = bytes[size..];
            }
        }
        catch (MsgPackException)
        {
            return;
        }
    }

    private static void ReadRequest(ReadOnlyMemory<byte> frame)
    {
        switch (RaftWireCodec.TypeOf(frame.Span))
        {
            case RaftRpc.AppendEntries: RaftWireCodec.ReadRequest<AppendEntriesRequest>(frame); break;
            case RaftRpc.RequestVote: RaftWireCodec.ReadRequest<RequestVoteRequest>(frame); break;
            case RaftRpc.InstallSnapshot: RaftWireCodec.ReadRequest<InstallSnapshotRequest>(frame); break;
            case RaftRpc.TimeoutNow: RaftWireCodec.ReadRequest<TimeoutNowRequest>(frame); break;
            default: RaftWireCodec.ReadRequest<RequestPreVoteRequest>(frame); break;
        }
    }
}
