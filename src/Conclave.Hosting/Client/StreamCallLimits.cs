namespace Conclave.Hosting.Client;

/// <summary>Bounds of subscriptions at servers. What happens at each bound is said with it.</summary>
internal sealed record StreamCallLimits
{
    /// <summary>How long connecting may take. Then another server is tried.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a server may take to accept a subscription. Then another one is tried.</summary>
    public TimeSpan AcceptTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A connection on which nothing came for this long is asked whether it is alive.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the answer may take. Then all subscriptions of the connection are lost.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection without subscriptions is closed after this.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes of one subscription that a server may send before they are read.</summary>
    public int WindowBytes { get; init; } = 256 * 1024;

    /// <summary>Longest headers that are taken, in kilobytes.</summary>
    public int HeaderKilobytesMax { get; init; } = 16;
}
