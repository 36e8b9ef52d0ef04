using System.Text;

namespace Conclave.Http.Routing;

/// <summary>What a path leads to.</summary>
/// <param name="Route">The route, or null.</param>
/// <param name="RestStart">Where the part below a prefix route starts; the path's length for an exact one.</param>
/// <param name="NeedsSlash">The path names a prefix route without its slash: redirect to the path with one.</param>
public readonly record struct RouteMatch(Route? Route, int RestStart, bool NeedsSlash);

/// <summary>Finds the route of a decoded, cleaned path: a tree with one node per segment. An exact route wins over a prefix, a longer prefix over a shorter one.</summary>
/// <remarks>Filled once before the listeners open, read by many threads afterwards.</remarks>
public sealed class Router
{
    private readonly Node _root = new([]);

    /// <summary>Adds a route.</summary>
    /// <exception cref="ArgumentException">The pattern is not absolute or taken.</exception>
    public void Add(Route route)
    {
        if (!route.Pattern.StartsWith('/')) throw new ArgumentException($"The pattern '{route.Pattern}' is not absolute.", nameof(route));
        var isPrefix = route.Pattern.EndsWith('/');
        var node = _root;
        foreach (var segment in route.Pattern.Split('/', StringSplitOptions.RemoveEmptyEntries)) node = node.GetOrAdd(Encoding.UTF8.GetBytes(segment));
        ref var slot = ref isPrefix ? ref node.Below : ref node.Exact;
        if (slot is not null) throw new ArgumentException($"The pattern '{route.Pattern}' is taken.", nameof(route));
        slot = route;
    }

    /// <summary>Adds a route.</summary>
    public void Add(string pattern, HttpVerbs verbs, RequestHandler handler) => Add(new Route(pattern, verbs, handler));

    /// <summary>Finds the route of <paramref name="path"/>, which starts with a slash and has no empty segment except a trailing one.</summary>
    public RouteMatch Match(ReadOnlySpan<byte> path)
    {
        var node = _root;
        Route? below = null;
        var rest = 0;
        var at = 1;
        while (true)
        {
            if (node.Below is not null) (below, rest) = (node.Below, at);
            if (at >= path.Length) return new RouteMatch(below, rest, NeedsSlash: false);
            var length = path[at..].IndexOf((byte)'/');
            var last = length < 0;
            var child = node.Find(last ? path[at..] : path.Slice(at, length));
            if (child is null) return new RouteMatch(below, rest, NeedsSlash: false);
            if (last)
            {
                if (child.Exact is not null) return new RouteMatch(child.Exact, path.Length, NeedsSlash: false);
                return child.Below is not null ? new RouteMatch(child.Below, path.Length, NeedsSlash: true) : new RouteMatch(below, rest, NeedsSlash: false);
            }
            node = child;
            at += length + 1;
        }
    }

    private sealed class Node(byte[] segment)
    {
        public Route? Exact;
        public Route? Below;
        private readonly byte[] _segment = segment;
        private Node[] _children = [];

        public Node? Find(ReadOnlySpan<byte> segment)
        {
            foreach (var child in _children)
                if (segment.SequenceEqual(child._segment)) return child;
            return null;
        }

        public Node GetOrAdd(byte[] segment)
        {
            if (Find(segment) is { } known) return known;
            var added = new Node(segment);
            _children = [.. _children, added];
            return added;
        }
    }
}
