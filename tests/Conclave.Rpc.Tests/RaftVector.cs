using System.Buffers;
using System.Text.Json;
using Conclave.Core.Codec;
using Conclave.Rpc.Raft;
using Conclave.Tests;

namespace Conclave.Rpc.Tests;

/// <summary>One recorded request or reply of the Raft transport.</summary>
internal sealed record RaftVector(string Name, RaftRpc Rpc, bool IsRequest, byte[] Bytes, JsonElement Decoded)
{
    /// <summary>All of <c>transport.json</c>, without the bodies of snapshots.</summary>
    public static IReadOnlyList<RaftVector> All { get; } = Load();

    /// <summary>The recorded beginning of a connection, first byte included.</summary>
    public static byte[] Stream { get; } = Convert.FromHexString(Json("stream").GetProperty("vectors")[0].GetProperty("hex").GetString()!);

    /// <summary>Bytes of the first vector whose name starts so.</summary>
    public static byte[] BytesOf(string name) => All.First(vector => vector.Name.StartsWith(name, StringComparison.Ordinal)).Bytes;

    /// <summary>Finds the end and reads what is before it, as a connection does; gives what is written again.</summary>
    public static byte[] Recode(RaftRpc rpc, bool isRequest, byte[] bytes)
    {
        var scanner = isRequest ? RaftFrameScanner.ForRequest() : RaftFrameScanner.ForReply();
        if (!scanner.Scan(bytes)) throw new MsgPackException("incomplete", bytes.Length);
        var frame = bytes.AsMemory(0, (int)scanner.BytesScanned);
        return (isRequest ? RaftWireCodec.TypeOf(frame.Span) : rpc, isRequest) switch
        {
            (RaftRpc.AppendEntries, true) => Request<AppendEntriesRequest>(frame),
            (RaftRpc.AppendEntries, false) => Reply<AppendEntriesResult>(frame),
            (RaftRpc.RequestVote, true) => Request<RequestVoteRequest>(frame),
            (RaftRpc.RequestVote, false) => Reply<RequestVoteResult>(frame),
            (RaftRpc.InstallSnapshot, true) => Request<InstallSnapshotRequest>(frame),
            (RaftRpc.InstallSnapshot, false) => Reply<InstallSnapshotResult>(frame),
            (RaftRpc.TimeoutNow, true) => Request<TimeoutNowRequest>(frame),
            (RaftRpc.TimeoutNow, false) => Reply<TimeoutNowResult>(frame),
            (RaftRpc.RequestPreVote, true) => Request<RequestPreVoteRequest>(frame),
            (RaftRpc.RequestPreVote, false) => Reply<RequestPreVoteResult>(frame),
            var other => throw new InvalidOperationException($"{other}"),
        };
    }

    public static byte[] Request<T>(ReadOnlyMemory<byte> frame) where T : struct, IRaftRequest<T> => Encode(RaftWireCodec.ReadRequest<T>(frame));

    public static byte[] Reply<T>(ReadOnlyMemory<byte> frame) where T : struct, IRaftMessage<T> => Encode(RaftWireCodec.ReadReply<T>(frame));

    public static byte[] Encode<T>(in T request) where T : struct, IRaftRequest<T>
    {
        var output = new ArrayBufferWriter<byte>();
        RaftWireCodec.WriteRequest(output, request);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Encode<T>(in RaftReply<T> reply) where T : struct, IRaftMessage<T>
    {
        var output = new ArrayBufferWriter<byte>();
        RaftWireCodec.WriteReply(output, reply);
        return output.WrittenSpan.ToArray();
    }

    private static List<RaftVector> Load()
    {
        var vectors = new List<RaftVector>();
        var rpc = default(RaftRpc);
        foreach (var json in Json("transport").GetProperty("vectors").EnumerateArray())
        {
            bool isRequest = json.GetProperty("direction").GetString()!.StartsWith("request", StringComparison.Ordinal);
            byte[] bytes = Convert.FromHexString(json.GetProperty("hex").GetString()!);
            var decoded = json.GetProperty("decoded");
            if (isRequest) rpc = (RaftRpc)bytes[0];
            if (decoded.TryGetProperty("body_bytes", out var body)) bytes = bytes[..^body.GetInt32()];
            vectors.Add(new(json.GetProperty("name").GetString()!, rpc, isRequest, bytes, decoded));
        }
        return vectors;
    }

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllBytes(Vectors.Path("vectors", "raft", file + ".json"))).RootElement;
}
