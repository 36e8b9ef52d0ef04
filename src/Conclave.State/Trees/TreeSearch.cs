namespace Conclave.State;

/// <summary>Ways down a tree that are the same for readers and the writer. Loops only: a chain of keys may be as deep as keys are long.</summary>
internal static class TreeSearch
{
    /// <summary>The leaf of a key, or null.</summary>
    public static TreeLeaf? Find(TreeInner root, ReadOnlySpan<byte> key)
    {
        TreeNode? node = root;
        while (node is TreeInner inner)
        {
            var end = inner.End;
            if ((uint)end >= (uint)key.Length)
            {
                node = end == key.Length ? inner.Terminal : null;
                break;
            }
            var at = inner.IndexOf(key[end]);
            if (at < 0) return null;
            node = inner.Children[at];
        }
        // The inner nodes only looked at single bytes, so the whole key is compared here, once.
        return node is TreeLeaf leaf && key.SequenceEqual(leaf.Key) ? leaf : null;
    }

    /// <summary>
    /// The node whose replacement is inevitable when a key equal to or below <paramref name="prefix"/> comes, goes or changes, and as deep as possible.
    /// </summary>
    /// <param name="root">Where to start.</param>
    /// <param name="prefix">Key or prefix.</param>
    /// <param name="covers">True when exactly the keys at and below the returned node start with the prefix; false when there are none.</param>
    public static TreeNode Reach(TreeInner root, ReadOnlySpan<byte> prefix, out bool covers)
    {
        TreeNode node = root;
        var depth = 0;
        while (true)
        {
            var end = node is TreeInner inner ? inner.End : node.Key.Length;
            var rest = prefix[depth..];
            var common = rest.CommonPrefixLength(node.Key.AsSpan(depth, end - depth));
            depth += common;
            if (depth == prefix.Length || depth < end || node is TreeLeaf)
            {
                covers = depth == prefix.Length;
                return node;
            }
            inner = (TreeInner)node;
            var at = inner.IndexOf(prefix[depth]);
            if (at < 0)
            {
                covers = false;
                return node;
            }
            node = inner.Children[at];
        }
    }
}
