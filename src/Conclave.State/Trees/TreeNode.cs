namespace Conclave.State;

/// <summary>A node of a persistent radix tree. Never changed once published, except for its watch, which readers and the writer exchange.</summary>
/// <param name="key">The whole key of a leaf; for an inner node the key of any leaf that was below it when it was made.</param>
internal abstract class TreeNode(byte[] key)
{
    /// <summary>Made by the first reader that waits, or the watch of the batch that replaced this node. Only touched by interlocked operations.</summary>
    private Watch? _watch;

    public readonly byte[] Key = key;

    /// <summary>What to wait on for a change of this node or anything below it.</summary>
    public Watch GetWatch()
    {
        var watch = Volatile.Read(ref _watch);
        if (watch is not null) return watch;
        var fresh = new Watch();
        return Interlocked.CompareExchange(ref _watch, fresh, null) ?? fresh;
    }

    /// <summary>
    /// Leaves <paramref name="successor"/> for readers that come late (they still hold the old root) and returns the watch of those that came before.
    /// </summary>
    public Watch? HandOver(Watch successor)
    {
        var earlier = Interlocked.Exchange(ref _watch, successor);
        return ReferenceEquals(earlier, successor) ? null : earlier;
    }

    /// <summary>Takes the watch without leaving a successor: the broken way, kept for the control of the stress test.</summary>
    public Watch? TakeWatchOnly() => Volatile.Read(ref _watch);
}

/// <summary>One key and its value.</summary>
internal sealed class TreeLeaf(byte[] key, object value) : TreeNode(key)
{
    public readonly object Value = value;
}
