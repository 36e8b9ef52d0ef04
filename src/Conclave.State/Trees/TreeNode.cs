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

/// <summary>
/// A place where keys part. Holds no text of its own: all keys below share the first <see cref="End"/> bytes of <see cref="TreeNode.Key"/>,
/// so that a node need not change when the tree grows or shrinks above it.
/// </summary>
internal sealed class TreeInner : TreeNode
{
    private static readonly byte[] NoLabels = [];
    private static readonly TreeNode[] NoChildren = [];

    /// <summary>How many leading bytes all keys below have in common; the label of a child is the byte at this position.</summary>
    public readonly int End;

    /// <summary>The step of the writer that made this node and may still edit it in place.</summary>
    public readonly long Owner;

    /// <summary>The key that ends exactly here.</summary>
    public TreeLeaf? Terminal;

    /// <summary>First bytes of the children, ascending; always as long as <see cref="Children"/>.</summary>
    public byte[] Labels = NoLabels;

    public TreeNode[] Children = NoChildren;

    public TreeInner(byte[] key, int end, long owner) : base(key)
    {
        End = end;
        Owner = owner;
    }

    private TreeInner(TreeInner from, long owner) : base(from.Key)
    {
        End = from.End;
        Owner = owner;
        Terminal = from.Terminal;
        Labels = from.Labels;                                   // replaced, never edited
        Children = (TreeNode[])from.Children.Clone();
    }

    public TreeInner CopyFor(long owner) => new(this, owner);

    public int IndexOf(byte label) => Labels.AsSpan().IndexOf(label);

    /// <summary>Adds a child under a label that is not there yet. Only for the owner.</summary>
    public void Insert(byte label, TreeNode child)
    {
        var at = ~Labels.AsSpan().BinarySearch(label);
        var labels = new byte[Labels.Length + 1];
        var children = new TreeNode[labels.Length];
        Labels.AsSpan(0, at).CopyTo(labels);
        Children.AsSpan(0, at).CopyTo(children);
        labels[at] = label;
        children[at] = child;
        Labels.AsSpan(at).CopyTo(labels.AsSpan(at + 1));
        Children.AsSpan(at).CopyTo(children.AsSpan(at + 1));
        Labels = labels;
        Children = children;
    }

    /// <summary>Takes a child away. Only for the owner.</summary>
    public void RemoveAt(int at)
    {
        if (Labels.Length == 1)
        {
            Labels = NoLabels;
            Children = NoChildren;
            return;
        }
        var labels = new byte[Labels.Length - 1];
        var children = new TreeNode[labels.Length];
        Labels.AsSpan(0, at).CopyTo(labels);
        Children.AsSpan(0, at).CopyTo(children);
        Labels.AsSpan(at + 1).CopyTo(labels.AsSpan(at));
        Children.AsSpan(at + 1).CopyTo(children.AsSpan(at));
        Labels = labels;
        Children = children;
    }
}
