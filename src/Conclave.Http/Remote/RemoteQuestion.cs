using System.Text;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Rpc.Messages;

namespace Conclave.Http.Remote;

/// <summary>A question as a call to the servers.</summary>
/// <param name="Method">The method.</param>
/// <param name="Arguments">What is asked, without how fresh the answer must be and how long it may wait.</param>
public sealed record RemoteQuestion(string Method, QueryArguments Arguments)
{
    /// <summary>The method's name on the wire.</summary>
    public byte[] MethodBytes { get; } = Encoding.ASCII.GetBytes(Method);

    /// <summary>The argument of a call with these options.</summary>
    public byte[] Encode(in QueryOptions options) => Encode(Arguments with { Options = options });

    /// <summary>An argument as it is.</summary>
    public static byte[] Encode(QueryArguments arguments)
    {
        using var buffer = new PooledBuffer(256);
        var writer = new MsgPackWriter(buffer);
        arguments.Write(ref writer);
        writer.Flush();
        return buffer.ToArray();
    }
}

/// <summary>A question whose answer is a list of rows.</summary>
/// <typeparam name="T">What a row is.</typeparam>
/// <param name="method">The method.</param>
/// <param name="field">Name of the list in the result.</param>
/// <param name="read">Reads a row.</param>
/// <param name="arguments">What is asked.</param>
public sealed class RemoteRows<T>(string method, string field, MsgPackCollections.Element<T> read, QueryArguments arguments)
{
    private readonly byte[] _field = Encoding.ASCII.GetBytes(field);

    /// <summary>The call.</summary>
    public RemoteQuestion Question { get; } = new(method, arguments);

    /// <summary>Reads a result.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public QueryMeta Read(ReadOnlyMemory<byte> result, List<T> into) => RowResults.Read(result, _field, read, into);
}
