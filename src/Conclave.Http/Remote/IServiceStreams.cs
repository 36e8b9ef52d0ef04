using Conclave.Node.Streaming;
using Conclave.Rpc.Grpc;

namespace Conclave.Http.Remote;

/// <summary>Subscriptions to services at the servers, as an agent without a state of its own makes them. Thread-safe.</summary>
public interface IServiceStreams
{
    /// <summary>Servers that are known.</summary>
    int ServerCount { get; }

    /// <summary>How long a lost subscription may be hidden from those who wait for its news.</summary>
    TimeSpan HoldTime { get; }

    /// <summary>Subscribes at the server that is preferred now, and reads until the subscription ends. Never throws for what the network or a server does.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="reader">Gets the messages; called by one thread at a time.</param>
    /// <param name="stop">Ends the subscription, here and at the server.</param>
    ValueTask<StreamEnd> FollowAsync(SubscribeRequest request, IStreamReader reader, CancellationToken stop);
}

/// <summary>Takes the messages of a subscription.</summary>
public interface IStreamReader
{
    /// <summary>A server has accepted the subscription.</summary>
    void OnServed();

    /// <summary>A message, borrowed for the call. False ends the subscription as refused.</summary>
    /// <exception cref="Conclave.Rpc.RpcFormatException">Malformed; ends the subscription as lost.</exception>
    bool OnMessage(ReadOnlySpan<byte> message);

    /// <summary>All messages that had come were given: now is the time to show what they made.</summary>
    void OnDrained();
}
