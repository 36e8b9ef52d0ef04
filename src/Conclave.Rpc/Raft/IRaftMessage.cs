using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>A request or a result that knows its encoded form. What is read borrows its bytes from the input.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface IRaftMessage<TSelf> where TSelf : struct, IRaftMessage<TSelf>
{
    /// <summary>Reads a map in any order or an array in declared order; what is missing is zero, what is unknown is passed over.</summary>
    /// <exception cref="MsgPackException">Another kind of value, or one past a bound.</exception>
    static abstract TSelf Read(ref MsgPackReader reader);

    /// <summary>Writes a map with sorted names, all fields present.</summary>
    void Write(ref MsgPackWriter writer);
}

/// <summary>A request, which is sent behind its type byte.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface IRaftRequest<TSelf> : IRaftMessage<TSelf> where TSelf : struct, IRaftRequest<TSelf>
{
    /// <summary>The type byte.</summary>
    static abstract RaftRpc Rpc { get; }
}
