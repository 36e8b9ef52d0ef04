using System.Text;
using Conclave.Core.Codec;
using Conclave.Node.Forwarding;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>Calls whose answers are no rows of the state.</summary>
internal static class ServerCallsExtensions
{
    /// <summary>Reads the result of a call.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    public delegate T ResultReader<out T>(ReadOnlyMemory<byte> result);

    /// <summary>Makes a call that only reads. The error is the complete text, or null.</summary>
    public static async ValueTask<(T Value, string? Error)> ReadAsync<T>(this IServerCalls servers, string method, ReadOnlyMemory<byte> argument, ResultReader<T> read)
    {
        var reply = await servers.AskAsync(Encoding.ASCII.GetBytes(method), argument, isRepeatable: true, CancellationToken.None).ConfigureAwait(false);
        if (reply.Error is not null) return (default!, reply.Error);
        try
        {
            return (read(reply.Result), null);
        }
        catch (MsgPackException malformed)
        {
            return (default!, Forwarder.ErrorPrefix + malformed.Message);
        }
    }

    /// <summary>Makes a call that only reads and takes the arguments of any read.</summary>
    public static ValueTask<(T Value, string? Error)> ReadAsync<T>(this IServerCalls servers, string method, QueryArguments arguments, ResultReader<T> read) =>
        servers.ReadAsync(method, RemoteQuestion.Encode(arguments), read);
}
