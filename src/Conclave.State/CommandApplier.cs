using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// Applies committed commands to the state, one batch at a time. Owned by the node's loop. Deterministic: looks at nothing but the commands and the state.
/// </summary>
public sealed class CommandApplier
{
    /// <summary>Starts from <paramref name="root"/> (an empty or restored one).</summary>
    public CommandApplier(StateRoot root) => throw new NotImplementedException();

    /// <summary>Applies one entry's command (type byte + body). <paramref name="command"/> may be kept: the caller gives it up. An error result changes nothing but the index.</summary>
    /// <exception cref="UnknownCommandException">A type without the ignorable bit that this build does not know: the replica must stop before applying.</exception>
    public ApplyResult Apply(LogIndex index, ReadOnlyMemory<byte> command) => throw new NotImplementedException();

    /// <summary>Notes that an entry without a command (noop, barrier, configuration) used up <paramref name="index"/>.</summary>
    public void Skip(LogIndex index) => throw new NotImplementedException();

    /// <summary>Ends the batch: the new immutable root and the watches to fire. The caller publishes the root first and fires afterwards, off the loop.</summary>
    public StateRoot Publish(out FiredWatches fired) => throw new NotImplementedException();
}

/// <summary>Watches whose subject changed in one batch.</summary>
public sealed class FiredWatches
{
    /// <summary>True when nobody waits: nothing to schedule.</summary>
    public bool IsEmpty => throw new NotImplementedException();

    /// <summary>Calls every waiter. On any thread, once, after the root was published.</summary>
    public void Fire() => throw new NotImplementedException();
}

/// <summary>A committed command that this build cannot apply.</summary>
/// <param name="type">The type byte.</param>
/// <param name="index">Where it stands in the log.</param>
public sealed class UnknownCommandException(byte type, LogIndex index) : Exception($"The log holds a command of type {type} at index {index}, which this version cannot apply. Upgrade this server before it rejoins.");
