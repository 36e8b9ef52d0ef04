using System.Buffers;
using System.Globalization;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Http.Endpoints;

/// <summary><c>/v1/snapshot</c>: the state as an archive, and an archive in the place of the state.</summary>
public sealed class SnapshotEndpoints(ReadResponder reads) : IEndpoints
{
    // Packed and unpacked bytes of an archive: both are held in memory while it is read.
    private const int ArchiveBytesMax = 512 << 20, UnpackedBytesMax = 1 << 30;

    private const int PieceBytes = 256 << 10;

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
        var body = await request.ReadBodyAsync(ArchiveBytesMax).ConfigureAwait(false);
        if (body.TooLarge)
        {
            await request.SendTextAsync(413, $"Request body too large, max size: {ArchiveBytesMax} bytes.").ConfigureAwait(false);
            return;
        }
        byte[] archive = body.Bytes.ToArray();
        request.ReleaseBody();
        var (root, index, refusal) = await Task.Run(() => Unpack(archive)).ConfigureAwait(false);
        if (root is not null)
        {
            var result = await reads.Gateway.RestoreAsync(root, index, default).ConfigureAwait(false);
            refusal = result.Kind == ApplyResultKind.Error ? result.Text : "";
        }
        if (refusal.Length > 0) await request.SendErrorAsync(refusal).ConfigureAwait(false);
        else await request.SendEmptyAsync().ConfigureAwait(false);
    }

    // Everything is read and checked to the end before anybody hears of it.
    private static (StateRoot? Root, ulong Index, string Refusal) Unpack(byte[] archive)
    {
        try
        {
            var content = SnapshotArchive.Read(archive, UnpackedBytesMax);
            SnapshotArchive.CheckForRestore(content);
            using var reader = new SnapshotReader();
            for (int at = 0; at < content.State.Length; at += PieceBytes) reader.Read(content.State.Span.Slice(at, Math.Min(PieceBytes, content.State.Length - at)));
            return (reader.Complete(), content.Meta.Index, "");
        }
        catch (SnapshotRefusedException refused)
        {
            return (null, 0, refused.Message);
        }
        catch (SnapshotException refused)
        {
            return (null, 0, $"Raft error when restoring snapshot: failed to restore snapshot: {refused.Message}");
        }
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
