using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Conclave.State;

/// <summary>
/// A place where keys part. Holds no text of its own: all keys below share the first <see cref="End"/> bytes of <see cref="TreeNode.Key"/>,
/// so that a node need not change when the tree grows or shrinks above it.
/// </summary>
internal sealed class TreeInner : TreeNode
{
    private const int NearMax = 16;

    private static readonly TreeNode[] NoChildren = [];

    /// <summary>How many leading bytes all keys below have in common; the label of a child is the byte at this position.</summary>
    public readonly int End;

    /// <summary>The step of the writer that made this node and may still edit it in place.</summary>
    public readonly long Owner;

    /// <summary>The key that ends exactly here.</summary>
    public TreeLeaf? Terminal;

    public TreeNode[] Children = NoChildren;

    // First bytes of the children, ascending: in the node itself up to sixteen (one look-up, one cache line), else in an array of their own,
    // which is then replaced but never edited.
    private NearLabels _near;
    private byte[]? _far;

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
        _near = from._near;
        _far = from._far;
        Children = from.Children.Length == 0 ? NoChildren : (TreeNode[])from.Children.Clone();
    }

    public TreeInner CopyFor(long owner) => new(this, owner);

    /// <summary>Position of the child with a label, or -1.</summary>
    public int IndexOf(byte label)
    {
        if (_far is not null) return _far.AsSpan().IndexOf(label);
        var hits = Vector128.Equals(Vector128.Create<byte>((ReadOnlySpan<byte>)_near), Vector128.Create(label)).ExtractMostSignificantBits() & ((1u << Children.Length) - 1);
        return hits == 0 ? -1 : BitOperations.TrailingZeroCount(hits);
    }

    /// <summary>Adds a child under a label that is not there yet. Only for the owner.</summary>
    public void Insert(byte label, TreeNode child)
    {
        var count = Children.Length;
        Span<byte> near = _near;
        var labels = _far ?? near[..count];
        var at = ~labels.BinarySearch(label);
        var children = new TreeNode[count + 1];
        Children.AsSpan(0, at).CopyTo(children);
        children[at] = child;
        Children.AsSpan(at).CopyTo(children.AsSpan(at + 1));
        Children = children;
        if (count < NearMax)
        {
            near[at..count].CopyTo(near[(at + 1)..]);
            near[at] = label;
            return;
        }
        var far = new byte[count + 1];
        labels[..at].CopyTo(far);
        far[at] = label;
        labels[at..].CopyTo(far.AsSpan(at + 1));
        _far = far;
    }

    /// <summary>Takes a child away. Only for the owner.</summary>
    public void RemoveAt(int at)
    {
        var left = Children.Length - 1;
        var children = left == 0 ? NoChildren : new TreeNode[left];
        Children.AsSpan(0, at).CopyTo(children);
        Children.AsSpan(at + 1).CopyTo(children.AsSpan(at));
        Children = children;
        Span<byte> near = _near;
        ReadOnlySpan<byte> labels = _far ?? near[..(left + 1)];
        var to = left <= NearMax ? near : new byte[left];
        labels[..at].CopyTo(to);
        labels[(at + 1)..].CopyTo(to[at..]);
        _far = left <= NearMax ? null : to.ToArray();
    }

    [InlineArray(NearMax)]
    private struct NearLabels
    {
        private byte _first;
    }
}
