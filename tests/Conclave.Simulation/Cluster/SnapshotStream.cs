using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Rpc;
using Conclave.Rpc.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>The receiving end of a snapshot: its length-prefixed announcement, then its bytes in pieces of any length.</summary>
internal sealed class SnapshotStream
{
    private const int PrefixBytes = 12;

    private readonly List<byte> _bytes = [];

    /// <summary>Null until the announcement is complete.</summary>
    public SnapshotDownload? Download { get; private set; }

    /// <summary>The node has asked for the next chunk.</summary>
    public bool IsWanted { get; set; }

    /// <summary>What the sender writes first.</summary>
    public static byte[] Announce(SnapshotOffer offer)
    {
        var output = new ArrayBufferWriter<byte>();
        var message = offer.Message;
        RaftWireCodec.WriteRequest(output, new InstallSnapshotRequest
        {
            Header = new RaftHeader { ProtocolVersion = RaftHeader.CurrentVersion, Id = Encoding.UTF8.GetBytes(message.From), Address = "a"u8.ToArray() },
            SnapshotVersion = InstallSnapshotRequest.CurrentSnapshotVersion,
            Term = message.Term.Value,
            Leader = "a"u8.ToArray(),
            LastLogIndex = message.LogIndex.Value,
            LastLogTerm = message.LogTerm.Value,
            Configuration = ConfigurationCodec.Encode(offer.Configuration),
            ConfigurationIndex = offer.ConfigurationIndex.Value,
            Size = offer.Size,
        });
        var bytes = new byte[PrefixBytes + output.WrittenCount];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, output.WrittenCount);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4), message.RequestId);
        output.WrittenSpan.CopyTo(bytes.AsSpan(PrefixBytes));
        return bytes;
    }

    /// <summary>Takes what arrived; the download when the announcement has become complete.</summary>
    public SnapshotDownload? Take(ReadOnlySpan<byte> bytes, string to)
    {
        _bytes.AddRange(bytes);
        if (Download is not null || _bytes.Count < PrefixBytes) return null;
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bytes);
        int length = BinaryPrimitives.ReadInt32LittleEndian(all);
        if (all.Length < PrefixBytes + length) return null;
        ulong requestId = BinaryPrimitives.ReadUInt64LittleEndian(all[4..]);
        var request = RaftWireCodec.ReadRequest<InstallSnapshotRequest>(all.Slice(PrefixBytes, length).ToArray());
        _bytes.RemoveRange(0, PrefixBytes + length);
        var message = new RaftMessage
        {
            Kind = RaftMessageKind.Snapshot, From = Encoding.UTF8.GetString(request.Header.Id.Span), To = to, Term = new Term(request.Term), RequestId = requestId,
            LogIndex = new LogIndex(request.LastLogIndex), LogTerm = new Term(request.LastLogTerm),
        };
        return Download = new SnapshotDownload(new SnapshotOffer(message, ConfigurationCodec.Decode(request.Configuration.Span), new LogIndex(request.ConfigurationIndex), request.Size));
    }

    /// <summary>The next bytes for the node; none when none have come.</summary>
    public byte[] TakeChunk(int bytesMax)
    {
        int length = Math.Min(bytesMax, _bytes.Count);
        var chunk = _bytes.GetRange(0, length).ToArray();
        _bytes.RemoveRange(0, length);
        return chunk;
    }
}
