using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Endpoints;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>Serves connections that save or restore one snapshot (first byte 5).</summary>
/// <param name="local">This node.</param>
/// <param name="anywhere">This node or the leader, wherever that is.</param>
internal sealed class SnapshotServer(INodeGateway local, INodeGateway anywhere)
{
    // Between two pieces of an archive, and until the other side has taken a piece of one.
    private static readonly TimeSpan PieceTimeout = TimeSpan.FromSeconds(60);

    private const int PieceBytes = 256 * 1024;

    // Archives lie in memory while they come, go, are made or read. Some at a time; others wait for their turn.
    private readonly SemaphoreSlim _turn = new(4);

    /// <summary>Serves a connection until it is over.</summary>
    public async Task ServeAsync(Stream connection, CancellationToken stop)
    {
        using var received = new PooledBuffer(1024, StateArchive.BytesMax + SnapshotRequest.BytesMax);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(PieceTimeout);
        int size;
        SnapshotRequest request;
        try
        {
            size = await SnapshotFraming.ReadValueAsync(connection, received, SnapshotRequest.BytesMax, patience.Token).ConfigureAwait(false);
            request = SnapshotRequest.Read(received.WrittenSpan[..size]);
        }
        catch (MsgPackException)
        {
            return;                                                    // not our protocol: nothing that could be said
        }

        await _turn.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            if (Refusal(request) is { } refusal) await ReplyAsync(connection, refusal, default, stop).ConfigureAwait(false);
            else if (request.Operation == SnapshotOperation.Save) await SaveAsync(connection, request, stop).ConfigureAwait(false);
            else await RestoreAsync(connection, received, size, stop).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private string? Refusal(in SnapshotRequest request)
    {
        if (local.Identity.IsForeign(request.Datacenter)) return RpcReads.NoPath;
        if (request.Operation is not (SnapshotOperation.Save or SnapshotOperation.Restore)) return $"unrecognized snapshot op {(long)request.Operation}";
        if (request is { Operation: SnapshotOperation.Restore, AllowStale: true }) return "stale not allowed for restore";
        return request.IsForwarded && !local.Status.IsLeader ? ErrorTexts.NoLeader : null;
    }

    private async Task SaveAsync(Stream connection, SnapshotRequest request, CancellationToken stop)
    {
        var grant = await anywhere.ReadAsync(request.AllowStale ? ReadMode.Stale : ReadMode.Default, stop).ConfigureAwait(false);
        if (grant.Root is not { } root)
        {
            await ReplyAsync(connection, grant.Error ?? ErrorTexts.NoLeader, default, stop).ConfigureAwait(false);
            return;
        }
        var archive = await Task.Run(() => StateArchive.Pack(root, root.LastIndex, local.Status), stop).ConfigureAwait(false);
        await ReplyAsync(connection, "", new QueryMeta(root.LastIndex, grant.KnownLeader, grant.LastContactMilliseconds * 1_000_000), stop).ConfigureAwait(false);
        await WriteAsync(connection, archive.WrittenMemory, stop).ConfigureAwait(false);
    }

    private async Task RestoreAsync(Stream connection, PooledBuffer received, int archiveAt, CancellationToken stop)
    {
        string error;
        try
        {
            await ReadToEndAsync(connection, received, stop).ConfigureAwait(false);
            var (root, index, refusal) = await Task.Run(() => StateArchive.Unpack(received.WrittenMemory[archiveAt..]), stop).ConfigureAwait(false);
            error = refusal;
            if (root is not null)
            {
                var result = await anywhere.RestoreAsync(root, index, stop).ConfigureAwait(false);
                error = result.Kind == ApplyResultKind.Error ? result.Text : "";
            }
        }
        catch (BufferFullException)
        {
            error = $"the archive is longer than {StateArchive.BytesMax} bytes";
        }
        await ReplyAsync(connection, error, default, stop).ConfigureAwait(false);
    }

    private static async Task ReadToEndAsync(Stream connection, PooledBuffer received, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        do patience.CancelAfter(PieceTimeout);
        while (await SnapshotFraming.ReadMoreAsync(connection, received, patience.Token).ConfigureAwait(false));
    }

    private static async Task ReplyAsync(Stream connection, string error, QueryMeta meta, CancellationToken stop)
    {
        using var reply = new PooledBuffer(256);
        var writer = new MsgPackWriter(reply);
        SnapshotReply.Write(ref writer, error, meta);
        writer.Flush();
        await WriteAsync(connection, reply.WrittenMemory, stop).ConfigureAwait(false);
    }

    private static async Task WriteAsync(Stream connection, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        for (int at = 0; at < bytes.Length; at += PieceBytes)
        {
            patience.CancelAfter(PieceTimeout);
            await connection.WriteAsync(bytes.Slice(at, Math.Min(PieceBytes, bytes.Length - at)), patience.Token).ConfigureAwait(false);
        }
    }
}
