using Conclave.Node;

namespace Conclave.Http.Requests;

/// <summary>Options that every read understands.</summary>
public struct ReadOptions
{
    /// <summary>How fresh the answer must be.</summary>
    public ReadMode Mode;

    /// <summary>Wait until the answer's index is above this one; 0 means answer at once.</summary>
    public ulong Index;

    /// <summary>How long to wait, as asked for; zero or less means the default.</summary>
    public TimeSpan Wait;

    /// <summary>Answer through the agent's cache.</summary>
    public bool Cached;
}
