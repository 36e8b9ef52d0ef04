using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Http.Remote;
using Conclave.Node.Forwarding;
using Conclave.Rpc;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>Sends archives to another server and fetches them, each over a connection of its own.</summary>
internal static class SnapshotCalls
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);

    // From the last byte that is sent to the answer: the other server reads, spreads and stores an archive, or makes one.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Has the server at <paramref name="address"/> restore an archive. Gives the text of an error, or none.</summary>
    public static async ValueTask<string> RestoreAsync(string address, string datacenter, ReadOnlyMemory<byte> archive, bool isForwarded, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(address, out var endPoint)) return $"'{address}' is no address of a server";
        try
        {
            using var socket = await DialAsync(endPoint, stop).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Begin(new SnapshotRequest(datacenter, SnapshotOperation.Restore, AllowStale: false, isForwarded)), stop).ConfigureAwait(false);
            await stream.WriteAsync(archive, stop).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
            using var reply = new PooledBuffer();
            int size = await ReadReplyAsync(stream, reply, stop).ConfigureAwait(false);
            return SnapshotReply.ReadError(reply.WrittenSpan[..size]);
        }
        catch (Exception failure) when (IsOfNetwork(failure, stop))
        {
            return Forwarder.ErrorPrefix + failure.Message;
        }
    }

    /// <summary>Begins to fetch an archive of the state from the server at <paramref name="address"/>.</summary>
    public static async ValueTask<ArchiveDownload> SaveAsync(string address, string datacenter, bool allowStale, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(address, out var endPoint)) return Failed($"'{address}' is no address of a server");
        NetworkStream? stream = null;
        try
        {
            var socket = await DialAsync(endPoint, stop).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(Begin(new SnapshotRequest(datacenter, SnapshotOperation.Save, allowStale, IsForwarded: false)), stop).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
            using var reply = new PooledBuffer();
            int size = await ReadReplyAsync(stream, reply, stop).ConfigureAwait(false);
            var (error, meta) = SnapshotReply.Read(reply.WrittenSpan[..size]);
            if (error.Length == 0)
            {
                var archive = new ArchiveStream(reply.WrittenSpan[size..].ToArray(), stream);
                stream = null;
                return new ArchiveDownload(archive, meta, "");
            }
            return Failed(error);
        }
        catch (Exception failure) when (IsOfNetwork(failure, stop))
        {
            return Failed(Forwarder.ErrorPrefix + failure.Message);
        }
        finally
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static ArchiveDownload Failed(string error) => new(null, default, error);

    private static bool IsOfNetwork(Exception failure, CancellationToken stop) =>
        failure is IOException or SocketException or MsgPackException || (failure is OperationCanceledException && !stop.IsCancellationRequested);

    private static async Task<Socket> DialAsync(IPEndPoint endPoint, CancellationToken stop)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var dialling = CancellationTokenSource.CreateLinkedTokenSource(stop);
        dialling.CancelAfter(DialTimeout);
        try
        {
            await socket.ConnectAsync(endPoint, dialling.Token).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<int> ReadReplyAsync(Stream stream, PooledBuffer reply, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(AnswerTimeout);
        return await SnapshotFraming.ReadValueAsync(stream, reply, SnapshotReply.BytesMax, patience.Token).ConfigureAwait(false);
    }

    private static byte[] Begin(SnapshotRequest request)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)ConnectionKind.Snapshot);
        request.Write(ref writer);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
