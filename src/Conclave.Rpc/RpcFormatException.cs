namespace Conclave.Rpc;

/// <summary>Bytes that are no frames of the multiplexer. The peer is at fault: tell it with a go-away frame and close the connection.</summary>
/// <param name="reason">What is wrong.</param>
public sealed class RpcFormatException(string reason) : Exception(reason);
