using Conclave.Node;

namespace Conclave.Http.Requests;

/// <summary>Options that every read understands.</summary>
public struct ReadOptions
{
    /// <summary>How fresh the answer must be.</summary>
    public ReadMode Mode;

    /// <summary>A stale answer may be this old, in time since the leader was heard; zero for no bound.</summary>
    public TimeSpan MaxStale;

    /// <summary>Wait until the answer's index is above this one; 0 means answer at once.</summary>
    public ulong Index;

    /// <summary>How long to wait, as asked for; zero or less means the default.</summary>
    public TimeSpan Wait;

    /// <summary>Answer through the agent's cache.</summary>
    public bool Cached;

    /// <summary>A cached answer may be this old when no server can be asked; null for any age.</summary>
    public TimeSpan? StaleIfError;

    /// <summary>Asks for a state as fresh as wanted. A stale one that is too old is not given: the leader is asked then.</summary>
    public readonly ValueTask<ReadGrant> GrantAsync(INodeGateway gateway)
    {
        var granted = gateway.ReadAsync(Mode, default);
        if (Mode != ReadMode.Stale || MaxStale <= TimeSpan.Zero) return granted;
        return granted.IsCompletedSuccessfully && granted.Result is var grant && IsFresh(grant) ? new ValueTask<ReadGrant>(grant) : GrantLaterAsync(gateway, granted);
    }

    private readonly async ValueTask<ReadGrant> GrantLaterAsync(INodeGateway gateway, ValueTask<ReadGrant> granted)
    {
        var grant = await granted.ConfigureAwait(false);
        return IsFresh(grant) ? grant : await gateway.ReadAsync(ReadMode.Default, default).ConfigureAwait(false);
    }

    // Without a leader the age goes on growing: within the bound such an answer is as good as another.
    private readonly bool IsFresh(in ReadGrant grant) => grant.Root is not null && grant.LastContactMilliseconds <= MaxStale.TotalMilliseconds;
}
