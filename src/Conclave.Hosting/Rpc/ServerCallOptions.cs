using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Calls;

/// <summary>What the configuration says about the server port.</summary>
internal sealed record ServerCallOptions
{
    /// <summary>How long requests wait for a leader.</summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>Connections that one address may have, those of the Raft transport apart; 0 for no limit.</summary>
    public int ConnectionsPerAddressMax { get; init; } = 100;

    /// <summary>How long a new connection may take to say what it is for; zero for no limit.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Calls a second that one address may make, those that servers send on apart; negative for no limit.</summary>
    public double CallsPerSecond { get; init; } = -1;

    /// <summary>Calls that may come at once before the rate counts.</summary>
    public int CallBurst { get; init; } = 1000;

    /// <summary>Whether services can be subscribed to with gRPC.</summary>
    public bool IsStreamingEnabled { get; init; } = true;

    /// <summary>What an agent's configuration says.</summary>
    public static ServerCallOptions From(AgentConfig config) => new()
    {
        HoldTime = config.Performance.RpcHoldTimeout,
        ConnectionsPerAddressMax = config.Limits.RpcMaxConnsPerClient,
        HandshakeTimeout = config.Limits.RpcHandshakeTimeout,
        CallsPerSecond = config.Limits.RpcRate,
        CallBurst = config.Limits.RpcMaxBurst,
        IsStreamingEnabled = config.EnableRpcStreaming,
    };
}
