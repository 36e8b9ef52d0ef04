namespace Conclave.Rpc.Mux;

/// <summary>Which end of the connection this is: it decides about the numbers of the streams that it opens.</summary>
public enum MuxRole : byte
{
    /// <summary>Dialled: opens streams 1, 3, 5 …</summary>
    Client,

    /// <summary>Was dialled: would open streams 2, 4, 6 …</summary>
    Server,
}

/// <summary>Bounds and times of one multiplexed connection. What happens at each bound is said with it.</summary>
public sealed record MuxLimits
{
    /// <summary>Streams at the same time, of both sides together. Above it the other side's new ones are reset at once and own ones are not opened. A blocking query keeps a stream to itself.</summary>
    public int StreamsMax { get; init; } = 8192;

    /// <summary>Whether the other side may open streams; each is reset at once if not.</summary>
    public bool AcceptsStreams { get; init; } = true;

    /// <summary>Unsent bytes of one stream. Above it nothing more is taken for that stream, unless nothing is unsent: a single large message may always go.</summary>
    public long UnsentBytesPerStreamMax { get; init; } = 64 << 20;

    /// <summary>Unsent bytes of all streams. Above it nothing more is taken, unless nothing is unsent.</summary>
    public long UnsentBytesMax { get; init; } = 256 << 20;

    /// <summary>Questions whose answers could not be sent yet. One more breaks the connection: a peer asks every 30 s and reads what it gets.</summary>
    public int UnsentPongsMax { get; init; } = 64;

    /// <summary>Refusals that could not be sent yet. One more breaks the connection.</summary>
    public int UnsentResetsMax { get; init; } = 1024;

    /// <summary>Longest data frame that is sent, so that a large message does not keep other streams waiting.</summary>
    public int FrameBytesMax { get; init; } = 64 * 1024;

    /// <summary>How often the other side is asked whether it is there.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it may take to answer; the connection counts as lost then.</summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a message may stay without any word from the other side before that is asked whether it is there, at an end that expects answers; zero (the default) for one that does not. A server
    /// that was cut off must not keep what was sent to it until gossip misses it.
    /// </summary>
    public TimeSpan ProbeDelay { get; init; }

    /// <summary>How long it may then stay silent; the connection counts as lost afterwards.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How long it may take to accept a stream; the connection counts as lost then.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>How long a stream lasts that one side has ended and the other side has not, counted anew when the side that ended it reads on; it is reset then.</summary>
    public TimeSpan HalfClosedTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
