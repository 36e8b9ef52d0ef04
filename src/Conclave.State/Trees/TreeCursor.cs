using System.Runtime.CompilerServices;

namespace Conclave.State;

/// <summary>Walks the leaves below a node in the order of their keys. Keeps its path itself: sixteen levels in place, deeper ones in an array.</summary>
internal ref struct TreeCursor
{
    private const int NearDepth = 16;

    private NearFrames _near;
    private Frame[]? _far;
    private int _depth;
    private TreeLeaf? _pending;

    public TreeCursor(TreeNode? start)
    {
        if (start is TreeInner inner) Push(inner);
        else _pending = (TreeLeaf?)start;
    }

    public bool MoveNext(out TreeLeaf leaf)
    {
        if (_pending is { } pending)
        {
            _pending = null;
            leaf = pending;
            return true;
        }
        while (_depth > 0)
        {
            ref var frame = ref _far is null ? ref _near[_depth - 1] : ref _far[_depth - 1];
            var at = frame.Next++;
            if (at < 0)
            {
                if (frame.Node.Terminal is not { } terminal) continue;
                leaf = terminal;
                return true;
            }
            var children = frame.Node.Children;
            if (at >= children.Length)
            {
                _depth--;
                continue;
            }
            if (children[at] is TreeLeaf found)
            {
                leaf = found;
                return true;
            }
            Push((TreeInner)children[at]);
        }
        leaf = null!;
        return false;
    }

    private void Push(TreeInner node)
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
        var frame = new Frame { Node = node, Next = -1 };
        if (_far is null) _near[_depth++] = frame;
        else _far[_depth++] = frame;
    }

    private struct Frame
    {
        public TreeInner Node;
        public int Next;                                        // -1: the terminal comes first
    }

    [InlineArray(NearDepth)]
    private struct NearFrames
    {
        private Frame _first;
    }
}
