namespace Conclave.Node.Forwarding;

/// <summary>Times of forwarding.</summary>
public sealed record ForwardLimits
{
    /// <summary>How long a request waits for a leader before it fails with <c>No cluster leader</c>. Default 7 s.</summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>Shortest pause before the same server is tried again. Default 20 ms.</summary>
    public TimeSpan PauseMin { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Longest pause before the same server is tried again. Default 200 ms.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long an attempt at a server that leads no more may still bring its answer. Default 500 ms.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMilliseconds(500);
}
