namespace Conclave.Hosting.Streaming;

/// <summary>Bounds of subscriptions. What happens at each bound is said with it.</summary>
internal sealed record StreamingLimits
{
    /// <summary>Changes of one service that are kept for subscribers who have not taken them yet. One who falls behind them is cut off.</summary>
    public int EventsMax { get; init; } = 512;

    /// <summary>Bytes of these changes; at least the newest is kept.</summary>
    public int EventBytesMax { get; init; } = 4 << 20;

    /// <summary>Bytes after which the changes of one index are continued in another message: peers take messages of up to 4 MiB.</summary>
    public int MessageBytesMax { get; init; } = 1 << 20;

    /// <summary>Services that may be watched at the same time. A subscription to one more is refused.</summary>
    public int FeedsMax { get; init; } = 65_536;

    /// <summary>Subscriptions of one connection. More are refused by the transport.</summary>
    public int StreamsPerConnectionMax { get; init; } = 8192;

    /// <summary>How long a subscriber may leave what was sent to it untaken. Then its stream is cut.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>How long a caller may take to say what it wants.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection on which nothing came for this long is asked whether it is alive.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the answer may take.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
