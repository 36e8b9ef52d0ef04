using System.Runtime.CompilerServices;

namespace Conclave.State;

/// <summary>
/// An immutable ordered map from byte strings to values: a path-compressed radix tree. Readable from any thread; <see cref="TreeEdit{T}"/> makes the next version.
/// </summary>
/// <remarks>
/// Costs per key 40 bytes of leaf and about 1/8 of an inner node. Looking up compares the key once, at the leaf; inner nodes only choose by one byte each.
/// </remarks>
internal sealed class Tree<T> where T : class
{
    /// <summary>An empty tree of its own: even empty trees carry a watch, so they must not be shared.</summary>
    public Tree() : this(new TreeInner([], 0, 0), 0) { }

    public Tree(TreeInner root, int count)
    {
        Root = root;
        Count = count;
    }

    /// <summary>Always an inner node that ends at 0, so that there is something to watch when the tree is empty.</summary>
    public TreeInner Root { get; }

    public int Count { get; }

    /// <summary>The value of a key, or null. Allocates nothing.</summary>
    public T? Get(ReadOnlySpan<byte> key)
    {
        var leaf = TreeSearch.Find(Root, key);
        return leaf is null ? null : Unsafe.As<T>(leaf.Value);
    }

    /// <summary>The value of a key, watching exactly it (or the place where it would appear).</summary>
    public T? Get(ReadOnlySpan<byte> key, WatchSet? watches)
    {
        if (watches is null) return Get(key);
        var node = TreeSearch.Reach(Root, key, out var covers);
        if (covers && node is TreeInner inner && inner.End == key.Length && inner.Terminal is { } terminal) node = terminal;
        watches.Add(node.GetWatch());
        return node is TreeLeaf leaf && leaf.Key.AsSpan().SequenceEqual(key) ? Unsafe.As<T>(leaf.Value) : null;
    }

    /// <summary>All values below a prefix in the order of their keys, watching the deepest node that covers them.</summary>
    public TreeValues<T> Scan(scoped ReadOnlySpan<byte> prefix, WatchSet? watches = null)
    {
        var node = TreeSearch.Reach(Root, prefix, out var covers);
        watches?.Add(node.GetWatch());
        return new TreeValues<T>(covers ? node : null);
    }

    /// <summary>Whether any key starts with a prefix.</summary>
    public bool HasAny(ReadOnlySpan<byte> prefix)
    {
        TreeSearch.Reach(Root, prefix, out var covers);
        return covers && Count > 0;
    }

    /// <summary>Watches every change of the tree.</summary>
    public void WatchAll(WatchSet? watches) => watches?.Add(Root.GetWatch());
}

/// <summary>Values of a scan, for <c>foreach</c>.</summary>
internal ref struct TreeValues<T>(TreeNode? start) where T : class
{
    private TreeCursor _cursor = new(start);

    public T Current { get; private set; } = null!;

    public readonly TreeValues<T> GetEnumerator() => this;

    public bool MoveNext()
    {
        if (!_cursor.MoveNext(out var leaf)) return false;
        Current = Unsafe.As<T>(leaf.Value);
        return true;
    }
}
