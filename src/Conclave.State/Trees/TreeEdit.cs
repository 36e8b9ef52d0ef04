using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Conclave.State;

/// <summary>
/// The writer's side of one tree. Nodes made in the current step of the batch are edited in place; published ones are copied once per step and noted
/// as superseded, so that whoever waits on them can be told. Not thread-safe.
/// </summary>
internal sealed class TreeEdit<T>(Tree<T> from, EditBatch batch) : ITreeEdit where T : class
{
    private Tree<T> _published = from;
    private TreeInner _root = from.Root;

    public int Count { get; private set; } = from.Count;

    public T? Get(ReadOnlySpan<byte> key)
    {
        var leaf = TreeSearch.Find(_root, key);
        return leaf is null ? null : Unsafe.As<T>(leaf.Value);
    }

    /// <summary>Values below a prefix. The tree must not be edited until the scan is over.</summary>
    public TreeValues<T> Scan(scoped ReadOnlySpan<byte> prefix)
    {
        var node = TreeSearch.Reach(_root, prefix, out var covers);
        return new TreeValues<T>(covers ? node : null);
    }

    public void CollectInto(ReadOnlySpan<byte> prefix, List<T> into)
    {
        foreach (var value in Scan(prefix)) into.Add(value);
    }

    public bool HasAny(ReadOnlySpan<byte> prefix)
    {
        TreeSearch.Reach(_root, prefix, out var covers);
        return covers && Count > 0;
    }

    /// <summary>Adds or replaces; returns the earlier value. The tree keeps <paramref name="key"/>, which must not be changed afterwards.</summary>
    public T? Put(byte[] key, T value)
    {
        var leaf = new TreeLeaf(key, value);
        var node = OwnRoot();
        while (true)
        {
            var depth = node.End;
            if (key.Length == depth)
            {
                var replaced = node.Terminal;
                node.Terminal = leaf;
                return Replaced(replaced);
            }
            var at = node.IndexOf(key[depth]);
            if (at < 0)
            {
                node.Insert(key[depth], leaf);
                return Replaced(null);
            }
            var child = node.Children[at];
            var inner = child as TreeInner;
            var end = inner?.End ?? child.Key.Length;
            var common = depth + key.AsSpan(depth).CommonPrefixLength(child.Key.AsSpan(depth, end - depth));
            if (common == end && inner is not null)
            {
                node = Own(inner, ref node.Children[at]);
                continue;
            }
            if (common == end && common == key.Length)
            {
                node.Children[at] = leaf;
                return Replaced((TreeLeaf)child);
            }
            node.Children[at] = Fork(child, leaf, common);
            return Replaced(null);
        }
    }

    /// <summary>Removes a key; returns its value, or null when it was not there.</summary>
    public T? Remove(ReadOnlySpan<byte> key)
    {
        if (TreeSearch.Find(_root, key) is not { } leaf) return null;
        var node = OwnRoot();
        TreeInner? parent = null;
        var slot = 0;
        while (key.Length != node.End)
        {
            var at = node.IndexOf(key[node.End]);
            if (node.Children[at] is not TreeInner inner)
            {
                node.RemoveAt(at);
                break;
            }
            parent = node;
            slot = at;
            node = Own(inner, ref node.Children[at]);
        }
        if (ReferenceEquals(node.Terminal, leaf)) node.Terminal = null;
        Collapse(parent, slot, node);
        batch.Supersede(leaf);
        Count--;
        return Unsafe.As<T>(leaf.Value);
    }

    /// <summary>Removes all keys below a prefix, adding their values to <paramref name="removed"/>.</summary>
    public void RemovePrefix(ReadOnlySpan<byte> prefix, List<T> removed)
    {
        var target = TreeSearch.Reach(_root, prefix, out var covers);
        if (!covers || Count == 0) return;
        if (ReferenceEquals(target, _root))
        {
            SupersedeAll(target, removed);
            _root = new TreeInner([], 0, batch.Step);
            return;
        }
        var node = OwnRoot();
        TreeInner? parent = null;
        var slot = 0;
        while (true)
        {
            var at = node.IndexOf(target.Key[node.End]);
            var child = node.Children[at];
            if (ReferenceEquals(child, target))
            {
                node.RemoveAt(at);
                break;
            }
            parent = node;
            slot = at;
            node = Own((TreeInner)child, ref node.Children[at]);
        }
        Collapse(parent, slot, node);
        SupersedeAll(target, removed);
    }

    /// <summary>The tree as it stands, for readers. Unchanged trees stay the same object.</summary>
    public Tree<T> Publish()
    {
        if (!ReferenceEquals(_published.Root, _root)) _published = new Tree<T>(_root, Count);
        return _published;
    }

    /// <inheritdoc/>
    public (TreeInner Root, int Count) Mark() => (_root, Count);

    /// <inheritdoc/>
    public void Restore((TreeInner Root, int Count) mark) => (_root, Count) = mark;

    private T? Replaced(TreeLeaf? earlier)
    {
        if (earlier is null)
        {
            Count++;
            return null;
        }
        batch.Supersede(earlier);
        return Unsafe.As<T>(earlier.Value);
    }

    private TreeInner OwnRoot()
    {
        if (_root.Owner == batch.Step) return _root;
        batch.Supersede(_root);
        return _root = _root.CopyFor(batch.Step);
    }

    private TreeInner Own(TreeInner node, ref TreeNode slot)
    {
        if (node.Owner == batch.Step) return node;
        batch.Supersede(node);
        var copy = node.CopyFor(batch.Step);
        slot = copy;
        return copy;
    }

    /// <summary>
    /// Parts a child and a new leaf. The child is copied although its content stays: a query for a prefix that ends inside its edge watches it and must hear of its new neighbour.
    /// </summary>
    private TreeInner Fork(TreeNode child, TreeLeaf leaf, int end)
    {
        var fork = new TreeInner(leaf.Key, end, batch.Step);
        TreeNode copy = child;
        if (child is not TreeInner { Owner: var owner } || owner != batch.Step)
        {
            batch.Supersede(child);
            copy = child is TreeInner inner ? inner.CopyFor(batch.Step) : new TreeLeaf(child.Key, ((TreeLeaf)child).Value);
        }
        // A leaf that ends here is the terminal; an inner node never ends here.
        if (child is TreeLeaf && child.Key.Length == end) fork.Terminal = (TreeLeaf)copy;
        else fork.Insert(child.Key[end], copy);
        if (leaf.Key.Length == end) fork.Terminal = leaf;
        else fork.Insert(leaf.Key[end], leaf);
        return fork;
    }

    /// <summary>Takes an inner node out that no longer parts anything. Below the root each inner node has at least two of terminal and children.</summary>
    private static void Collapse(TreeInner? parent, int slot, TreeInner node)
    {
        if (parent is null) return;
        Debug.Assert(node.Children.Length > 0 || node.Terminal is not null, "an inner node below the root is never empty");
        if (node.Children.Length == 0) parent.Children[slot] = node.Terminal!;
        else if (node.Children.Length == 1 && node.Terminal is null) parent.Children[slot] = node.Children[0];
    }

    private void SupersedeAll(TreeNode top, List<T> removed)
    {
        var before = removed.Count;
        var open = new Stack<TreeNode>();
        open.Push(top);
        while (open.TryPop(out var node))
        {
            batch.Supersede(node);
            if (node is not TreeInner inner)
            {
                removed.Add(Unsafe.As<T>(((TreeLeaf)node).Value));
                continue;
            }
            for (var i = inner.Children.Length - 1; i >= 0; i--) open.Push(inner.Children[i]);
            if (inner.Terminal is { } terminal) open.Push(terminal);
        }
        Count -= removed.Count - before;
    }
}

/// <summary>What all edits of a batch can do whatever they hold.</summary>
internal interface ITreeEdit
{
    /// <summary>Remembers the present content; only good until an earlier mark is gone back to.</summary>
    (TreeInner Root, int Count) Mark();

    /// <summary>Goes back to a mark. The batch must have started a new step right after the mark was taken.</summary>
    void Restore((TreeInner Root, int Count) mark);
}
