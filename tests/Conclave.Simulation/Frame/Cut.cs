namespace Conclave.Simulation;

/// <summary>A line through the nodes that packets do not cross.</summary>
internal sealed class Cut
{
    private readonly bool[]? _inside;
    private readonly bool _oneWay;
    private readonly int _a, _b;

    private Cut(bool[]? inside, bool oneWay, int a, int b) => (_inside, _oneWay, _a, _b) = (inside, oneWay, a, b);

    /// <summary>Between those inside and the others; one way: only what comes from inside is lost.</summary>
    public static Cut Between(int nodes, Predicate<int> isInside, bool oneWay)
    {
        var inside = new bool[nodes];
        for (int node = 0; node < nodes; node++) inside[node] = isInside(node);
        return new Cut(inside, oneWay, -1, -1);
    }

    /// <summary>Between two nodes.</summary>
    public static Cut Link(int a, int b) => new(null, false, a, b);

    public bool Blocks(int from, int to)
    {
        if (_inside is null) return (from == _a && to == _b) || (from == _b && to == _a);
        return _oneWay ? _inside[from] && !_inside[to] : _inside[from] != _inside[to];
    }
}
