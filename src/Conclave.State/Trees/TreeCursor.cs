using System.Runtime.CompilerServices;

namespace Conclave.State;

/// <summary>Walks the leaves below a node in the order of their keys. Keeps its path itself: sixteen levels in place, deeper ones in an array.</summary>
internal ref struct TreeCursor
{
    private const int NearDepth = 16;

    // The children being walked, and which comes next.
    private TreeNode[] _children = [];
    private int _next;

    // Comes before everything else: the node itself when it is a leaf, or the key that ends at it.
    private TreeLeaf? _first;

    private int _depth;
    private Frame[]? _far;
    private NearFrames _near;

    public TreeCursor(TreeNode? start)
    {
        if (start is not TreeInner inner)
        {
            _first = (TreeLeaf?)start;
            return;
        }
        _first = inner.Terminal;
        Push(inner.Children, 0);
    }

    public bool MoveNext(out TreeLeaf leaf)
    {
        while (true)
        {
            if ((uint)_next < (uint)_children.Length)
            {
                var child = _children[_next++];
                if (child is not TreeInner inner)
                {
                    leaf = Unsafe.As<TreeLeaf>(child);
                    return true;
                }
                Push(_children, _next);
                _children = inner.Children;
                _next = 0;
                if (inner.Terminal is null) continue;
                leaf = inner.Terminal;
                return true;
            }
            if (_first is { } first)
            {
                _first = null;
                leaf = first;
                return true;
            }
            if (_depth == 0)
            {
                leaf = null!;
                return false;
            }
            ref var frame = ref _far is null ? ref _near[--_depth] : ref _far[--_depth];
            _children = frame.Children;
            _next = frame.Next;
        }
    }

    private void Push(TreeNode[] children, int next)
    {
        if (_far is null && _depth == NearDepth)
        {
            _far = new Frame[NearDepth * 4];
            ((ReadOnlySpan<Frame>)_near).CopyTo(_far);
        }
        else if (_far is not null && _depth == _far.Length)
        {
            Array.Resize(ref _far, _far.Length * 2);
        }
        ref var frame = ref _far is null ? ref _near[_depth++] : ref _far[_depth++];
        frame.Children = children;
        frame.Next = next;
    }

    private struct Frame
    {
        public TreeNode[] Children;
        public int Next;
    }

    [InlineArray(NearDepth)]
    private struct NearFrames
    {
        private Frame _first;
    }
}
