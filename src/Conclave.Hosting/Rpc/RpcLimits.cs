using Conclave.Rpc.Mux;

namespace Conclave.Hosting.Calls;

/// <summary>Bounds of calls over the server port. What happens at each bound is said with it.</summary>
internal sealed record RpcLimits
{
    /// <summary>Longest argument. A longer one resets its stream at the length that claims it.</summary>
    public long ArgumentBytesMax { get; init; } = 64 << 20;

    /// <summary>Longest result taken from another server.</summary>
    public long ResultBytesMax { get; init; } = 512 << 20;

    /// <summary>Bytes of unfinished arguments that one connection may have here. Above it the stream that brings more is reset.</summary>
    public long CollectedBytesMax { get; init; } = 128 << 20;

    /// <summary>Bytes of unfinished arguments of all connections. Above it the stream that brings more is reset.</summary>
    public long CollectedBytesOfAllMax { get; init; } = 512 << 20;

    /// <summary>Unsent bytes of a connection above which no further result is computed for it, until the other side has read.</summary>
    public long UnsentBytesMax { get; init; } = 16 << 20;

    /// <summary>How long writing to a connection may take before it counts as lost.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long dialling another server may take.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A connection to another server is closed when nothing was asked on it for this long.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(127);

    /// <summary>Idle streams kept for re-use on a connection to another server.</summary>
    public int IdleStreamsMax { get; init; } = 32;

    /// <summary>Bounds of the multiplexer at the serving end.</summary>
    public MuxLimits ServerMux { get; init; } = new();

    /// <summary>Bounds of the multiplexer at the asking end.</summary>
    public MuxLimits ClientMux { get; init; } = new() { AcceptsStreams = false, ProbeDelay = TimeSpan.FromMilliseconds(500) };
}
