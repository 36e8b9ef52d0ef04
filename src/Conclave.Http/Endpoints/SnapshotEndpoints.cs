using System.Buffers;
using System.Globalization;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/snapshot</c>: the state as an archive. Restoring is refused: this server cannot replace its state while it runs.</summary>
public sealed class SnapshotEndpoints(ReadResponder reads) : IEndpoints
{
    /// <inheritdoc/>
    public void Map(Router router) => router.Add("/v1/snapshot", HttpVerbs.Get | HttpVerbs.Put, request => request.Verb == HttpVerbs.Get ? Save(request) : Restore(request));

    private async ValueTask Save(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options))
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return;
        }
        if (request.IsForeignDatacenter(reads.Gateway.Identity.Datacenter))
        {
            await request.SendErrorAsync(ErrorText.NoPath).ConfigureAwait(false);
            return;
        }
        var grant = await reads.Gateway.ReadAsync(options.Mode, default).ConfigureAwait(false);
        if (grant.Root is not { } root)
        {
            await request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader).ConfigureAwait(false);
            return;
        }
        // Reading and packing the state takes long and must not hold up a thread that serves sockets.
        var archive = await Task.Run(() => Pack(root)).ConfigureAwait(false);
        reads.SetHeaders(request, root.LastIndex, grant);
        await request.SendPackedAsync("application/x-gzip", archive.WrittenMemory).ConfigureAwait(false);
    }

    private ValueTask Restore(ApiRequest request)
    {
        if (request.IsForeignDatacenter(reads.Gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        return request.SendTextAsync(400, "Restoring snapshots is not supported by this server");
    }

    private ArrayBufferWriter<byte> Pack(StateRoot root)
    {
        var state = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(root);
        while (writer.Write(state))
        {
            // Table by table, until the stream is complete.
        }
        var archive = new ArrayBufferWriter<byte>();
        var now = DateTimeOffset.UtcNow;
        SnapshotArchive.Write(archive, Describe(root, now), new ReadOnlySequence<byte>(state.WrittenMemory), WallTime.From(now));
        return archive;
    }

    private ArchiveMeta Describe(StateRoot root, DateTimeOffset now)
    {
        var status = reads.Gateway.Status;
        return new ArchiveMeta
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{status.Term}-{root.LastIndex}-{now.ToUnixTimeMilliseconds()}"),
            Index = root.LastIndex,
            Term = status.Term,
            Servers = [.. status.Servers.Select(static server => new ArchiveServer(server.IsVoter ? 0 : 1, server.Id, server.Address))],
            ConfigurationIndex = status.ConfigurationIndex,
        };
    }
}
