using Conclave.Core.Model;
using Conclave.Http.Requests;
using Conclave.State;

namespace Conclave.Http.Endpoints;

/// <summary>Sorts rows by estimated round-trip time from a node (<c>?near=</c>); rows without a coordinate come last, equal ones keep their order.</summary>
public static class NearOrder
{
    /// <summary>The order the request asks for; null when it asks for none.</summary>
    internal static Action<StateRoot, List<T>>? For<T>(ApiRequest request, string ownNode, Func<T, string> nodeOf)
    {
        if (request.Bytes(Param.Near).Length == 0) return null;
        var near = request.Text(Param.Near);
        if (near == "_agent") near = ownNode;
        var address = near == "_ip" ? request.RemoteAddress?.ToString() : null;
        return (root, rows) => Sort(root, rows, address is null ? near : NodeAt(root, address), nodeOf);
    }

    /// <summary>Sorts rows by their distance from the node named <paramref name="from"/>; leaves them as they are when that is null or has no coordinate.</summary>
    public static void Sort<T>(StateRoot root, List<T> rows, string? from, Func<T, string> nodeOf)
    {
        if (from is null || rows.Count < 2) return;
        var all = new List<CoordinateEntry>();
        root.NodeCoordinates(from, null, all);
        if (all.Count == 0) return;
        var origin = all[0].Coord;
        all.Clear();
        root.Coordinates(null, all);
        var distances = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in all) distances.TryAdd(entry.Node, Distance(origin, entry.Coord));
        var sorted = rows.OrderBy(row => distances.TryGetValue(nodeOf(row), out var distance) ? distance : double.PositiveInfinity).ToList();
        rows.Clear();
        rows.AddRange(sorted);
    }

    /// <summary>The node that has an address; null for none.</summary>
    public static string? NodeAt(StateRoot root, string address)
    {
        var nodes = new List<NodeEntry>();
        root.Nodes(null, null, nodes);
        foreach (var node in nodes)
            if (node.Address == address) return node.Name;
        return null;
    }

    private static double Distance(Coordinate a, Coordinate b)
    {
        if (a.Vec.Length != b.Vec.Length) return double.PositiveInfinity;
        var sum = 0.0;
        for (var i = 0; i < a.Vec.Length; i++) sum += (a.Vec[i] - b.Vec[i]) * (a.Vec[i] - b.Vec[i]);
        var raw = Math.Sqrt(sum) + a.Height + b.Height;
        var adjusted = raw + a.Adjustment + b.Adjustment;
        return adjusted > 0 ? adjusted : raw;
    }
}
