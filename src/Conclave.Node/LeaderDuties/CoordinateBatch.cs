using Conclave.Core.Model;

namespace Conclave.Node.LeaderDuties;

/// <summary>Coordinates noted since the last write, newest per node and segment, in an order that does not depend on the process.</summary>
internal sealed class CoordinateBatch(NodeLimits limits)
{
    /// <summary>Number of dimensions every coordinate must have.</summary>
    public const int Dimensions = 8;

    private readonly SortedDictionary<(string Node, string Segment), CoordinateEntry> _staged = new(ByNodeThenSegment.Instance);

    public bool IsEmpty => _staged.Count == 0;

    /// <summary>Where a node stands that has measured nothing yet.</summary>
    public static Coordinate Origin => new(new double[Dimensions], Error: 1.5, Adjustment: 0, Height: 1e-05);

    /// <summary>Null when the coordinate may be stored, else why not.</summary>
    public static string? Refuse(Coordinate coordinate)
    {
        if (coordinate.Vec.Length != Dimensions) return "incompatible coordinate";
        foreach (double component in coordinate.Vec)
            if (!double.IsFinite(component)) return "invalid coordinate";
        bool finite = double.IsFinite(coordinate.Error) && double.IsFinite(coordinate.Adjustment) && double.IsFinite(coordinate.Height);
        return finite ? null : "invalid coordinate";
    }

    /// <summary>Notes a coordinate that <see cref="Refuse"/> accepted; drops it when too many nodes are noted already.</summary>
    public void Note(CoordinateEntry entry)
    {
        var key = (entry.Node, entry.Segment);
        if (_staged.Count < limits.CoordinatesMax || _staged.ContainsKey(key)) _staged[key] = entry;
    }

    /// <summary>The next entry's worth of coordinates, taken out of the notes; null when there are none.</summary>
    public List<CoordinateEntry>? Take()
    {
        if (_staged.Count == 0) return null;
        var batch = new List<CoordinateEntry>(Math.Min(_staged.Count, limits.CoordinateBatchMax));
        foreach (var entry in _staged.Values)
        {
            if (batch.Count == limits.CoordinateBatchMax) break;
            batch.Add(entry);
        }
        foreach (var entry in batch) _staged.Remove((entry.Node, entry.Segment));
        return batch;
    }

    public void Clear() => _staged.Clear();

    private sealed class ByNodeThenSegment : IComparer<(string Node, string Segment)>
    {
        public static readonly ByNodeThenSegment Instance = new();

        public int Compare((string Node, string Segment) a, (string Node, string Segment) b)
        {
            int byNode = string.CompareOrdinal(a.Node, b.Node);
            return byNode != 0 ? byNode : string.CompareOrdinal(a.Segment, b.Segment);
        }
    }
}
