namespace Conclave.Node.Streaming;

/// <summary>How a subscription ended.</summary>
public enum StreamEnd
{
    /// <summary>The server or the way to it is gone, or it is not ready: another one may do.</summary>
    Lost,

    /// <summary>The server says that what the subscriber knows is of no use any more.</summary>
    Reset,

    /// <summary>The server does not serve subscriptions, or not this one.</summary>
    Refused,

    /// <summary>This agent stops.</summary>
    Stopping,
}
