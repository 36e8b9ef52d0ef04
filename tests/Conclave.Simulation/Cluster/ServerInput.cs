using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>What a server's loop takes.</summary>
internal enum InputKind : byte
{
    Message,
    Request,
    DiskDone,
    Unreachable,
    Offered,
    Chunk,
    Broken,
    ChunkSent,
    UploadFailed,
    Members,
    Action,
}

/// <summary>One input that waits for the next turn of a server's loop.</summary>
internal readonly record struct ServerInput(InputKind Kind)
{
    public RaftMessage Message { get; init; }

    /// <summary>When the message left, in true time.</summary>
    public Instant SentAt { get; init; }

    public NodeRequest? Request { get; init; }

    public DiskJob? Job { get; init; }

    public string ServerId { get; init; } = "";

    public SnapshotDownload? Download { get; init; }

    public ReadOnlyMemory<byte> Chunk { get; init; }

    public SnapshotUpload? Upload { get; init; }

    public IReadOnlyList<PoolMember> Members { get; init; } = [];

    public Action<RaftCore>? Action { get; init; }

    public void GiveTo(Node.Node node)
    {
        switch (Kind)
        {
            case InputKind.Message: node.OnMessage(Message); break;
            case InputKind.Request: node.OnRequest(Request!); break;
            case InputKind.DiskDone: node.OnDiskDone(Job!); break;
            case InputKind.Unreachable: node.OnUnreachable(ServerId); break;
            case InputKind.Offered: node.OnSnapshotOffered(Download!); break;
            case InputKind.Chunk: node.OnSnapshotChunk(Download!, Chunk); break;
            case InputKind.Broken: node.OnSnapshotBroken(Download!); break;
            case InputKind.ChunkSent: node.OnChunkSent(Upload!); break;
            case InputKind.UploadFailed: node.OnUploadFailed(Upload!); break;
            case InputKind.Members: node.OnMembers(Members); break;
            case InputKind.Action: Action!(node.Replica.Raft); break;
        }
    }
}
