namespace Conclave.Agent;

/// <summary>Kinds of answers of the local agent.</summary>
public enum AgentOutcomeKind : byte
{
    /// <summary>Done.</summary>
    Ok,
    /// <summary>The request is wrong; nothing changed.</summary>
    BadRequest,
    /// <summary>What the request names does not exist; nothing changed.</summary>
    NotFound,
    /// <summary>Refused or failed for another reason.</summary>
    Failed,
}

/// <summary>What became of a request to the local agent.</summary>
/// <param name="Kind">Whether it was done.</param>
/// <param name="Text">Why not, in Consul's wording; empty when it was done.</param>
public readonly record struct AgentOutcome(AgentOutcomeKind Kind, string Text)
{
    /// <summary>Done.</summary>
    public static AgentOutcome Ok => new(AgentOutcomeKind.Ok, "");

    /// <summary>True when the request was done.</summary>
    public bool IsOk => Kind == AgentOutcomeKind.Ok;

    /// <summary>The request is wrong.</summary>
    public static AgentOutcome BadRequest(string text) => new(AgentOutcomeKind.BadRequest, text);

    /// <summary>What the request names does not exist.</summary>
    public static AgentOutcome NotFound(string text) => new(AgentOutcomeKind.NotFound, text);

    /// <summary>Refused or failed.</summary>
    public static AgentOutcome Failed(string text) => new(AgentOutcomeKind.Failed, text);
}
