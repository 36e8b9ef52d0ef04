using System.Buffers;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Remote;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/snapshot</c>: the state as an archive, and an archive in the place of the state.</summary>
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
        if (reads.Servers is { } servers)
        {
            await SaveAtServersAsync(request, servers, options).ConfigureAwait(false);
            return;
        }
        var grant = await reads.Gateway.ReadAsync(options.Mode, default).ConfigureAwait(false);
        if (grant.Root is not { } root)
        {
            await request.SendErrorAsync(grant.Error ?? ErrorText.NoLeader).ConfigureAwait(false);
            return;
        }
        // Reading and packing the state takes long and must not hold up a thread that serves sockets.
        var archive = await Task.Run(() => StateArchive.Pack(root, root.LastIndex, reads.Gateway.Status)).ConfigureAwait(false);
        reads.SetHeaders(request, root.LastIndex, grant);
        await request.SendPackedAsync("application/x-gzip", archive.WrittenMemory).ConfigureAwait(false);
    }

    // Passed on piece by piece: an archive may be long, and this agent need not hold it.
    private async ValueTask SaveAtServersAsync(ApiRequest request, IServerCalls servers, ReadOptions options)
    {
        using var download = await servers.SaveSnapshotAsync(options.Mode == ReadMode.Stale, request.Aborted).ConfigureAwait(false);
        if (download.Archive is not { } archive)
        {
            await request.SendErrorAsync(download.Error).ConfigureAwait(false);
            return;
        }
        reads.SetHeaders(request, download.Meta);
        await request.SendStreamAsync("application/x-gzip", archive).ConfigureAwait(false);
    }

    private ValueTask Restore(ApiRequest request)
    {
        if (request.IsForeignDatacenter(reads.Gateway.Identity.Datacenter)) return request.SendErrorAsync(ErrorText.NoPath);
        return RestoreHereAsync(request);
    }

    private async ValueTask RestoreHereAsync(ApiRequest request)
    {
        if (!request.TryReadOptions(out var options))
        {
            await request.SendRefusalAsync().ConfigureAwait(false);
            return;
        }
        if (options.Mode == ReadMode.Stale)
        {
            await request.SendErrorAsync("stale not allowed for restore").ConfigureAwait(false);
            return;
        }
        var body = await request.ReadBodyAsync(StateArchive.BytesMax).ConfigureAwait(false);
        if (body.TooLarge)
        {
            await request.SendTextAsync(413, $"Request body too large, max size: {StateArchive.BytesMax} bytes.").ConfigureAwait(false);
            return;
        }
        byte[] archive = body.Bytes.ToArray();
        request.ReleaseBody();
        if (reads.Servers is { } servers)
        {
            string error = await servers.RestoreSnapshotAsync(archive, CancellationToken.None).ConfigureAwait(false);
            if (error.Length > 0) await request.SendErrorAsync(error).ConfigureAwait(false);
            else await request.SendEmptyAsync().ConfigureAwait(false);
            return;
        }
        var (root, index, refusal) = await Task.Run(() => StateArchive.Unpack(archive)).ConfigureAwait(false);
        if (root is not null)
        {
            var result = await reads.Gateway.RestoreAsync(root, index, default).ConfigureAwait(false);
            refusal = result.Kind == ApplyResultKind.Error ? result.Text : "";
        }
        if (refusal.Length > 0) await request.SendErrorAsync(refusal).ConfigureAwait(false);
        else await request.SendEmptyAsync().ConfigureAwait(false);
    }
}
