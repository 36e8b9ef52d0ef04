using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Node.Forwarding;
using Conclave.Rpc;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>Sends archives to another server, each over a connection of its own.</summary>
internal static class SnapshotCalls
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);

    // From the last byte of the archive to the answer: the other server reads, spreads and stores it.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Has the server at <paramref name="address"/> restore an archive. Gives the text of an error, or none.</summary>
    public static async ValueTask<string> RestoreAsync(string address, string datacenter, ReadOnlyMemory<byte> archive, CancellationToken stop)
    {
        if (!IPEndPoint.TryParse(address, out var endPoint)) return $"'{address}' is no address of a server";
        try
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using (var dialling = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                dialling.CancelAfter(DialTimeout);
                await socket.ConnectAsync(endPoint, dialling.Token).ConfigureAwait(false);
            }
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Begin(datacenter), stop).ConfigureAwait(false);
            await stream.WriteAsync(archive, stop).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);

            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(AnswerTimeout);
            using var reply = new PooledBuffer();
            await SnapshotFraming.ReadValueAsync(stream, reply, SnapshotReply.BytesMax, patience.Token).ConfigureAwait(false);
            return SnapshotReply.ReadError(reply.WrittenSpan);
        }
        catch (Exception failure) when (failure is IOException or SocketException or MsgPackException || (failure is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return Forwarder.ErrorPrefix + failure.Message;
        }
    }

    private static byte[] Begin(string datacenter)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)ConnectionKind.Snapshot);
        new SnapshotRequest(datacenter, SnapshotOperation.Restore, AllowStale: false, IsForwarded: true).Write(ref writer);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
