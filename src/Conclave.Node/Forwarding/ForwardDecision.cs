using Conclave.Core;

namespace Conclave.Node.Forwarding;

/// <summary>What to do next with a request that only the leader can serve.</summary>
public enum ForwardStep : byte
{
    /// <summary>This node leads: serve it here.</summary>
    Serve,

    /// <summary>Send it to <see cref="ForwardDecision.Address"/>.</summary>
    Send,

    /// <summary>Ask again at <see cref="ForwardDecision.Until"/>, or as soon as the view of the leader has changed.</summary>
    Wait,

    /// <summary>It has failed with <see cref="ForwardDecision.Error"/>.</summary>
    Fail,
}

/// <summary>The next step and what belongs to it.</summary>
/// <param name="Step">Which of the others count.</param>
/// <param name="Address">Server to send to, <c>ip:port</c>.</param>
/// <param name="Until">Latest moment to ask again.</param>
/// <param name="Error">Complete text for the client.</param>
public readonly record struct ForwardDecision(ForwardStep Step, string Address, Instant Until, string Error)
{
    internal static ForwardDecision Serve => new(ForwardStep.Serve, "", default, "");

    internal static ForwardDecision Send(string address) => new(ForwardStep.Send, address, default, "");

    internal static ForwardDecision Wait(Instant until) => new(ForwardStep.Wait, "", until, "");

    internal static ForwardDecision Fail(string error) => new(ForwardStep.Fail, "", default, error);
}

/// <summary>How an attempt ended that gave no result.</summary>
public enum ForwardEnd : byte
{
    /// <summary>Nothing reached the other server.</summary>
    NotSent,

    /// <summary>The server, this one or the other, refused it with a text.</summary>
    Refused,

    /// <summary>It may or may not have been carried out.</summary>
    Lost,
}
