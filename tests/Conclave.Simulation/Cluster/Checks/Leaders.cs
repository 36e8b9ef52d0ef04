namespace Conclave.Simulation.Cluster;

/// <summary>At most one server leads in a term.</summary>
internal sealed class Leaders
{
    private readonly Dictionary<ulong, string> _byTerm = [];

    /// <summary>Terms that had a leader.</summary>
    public int Count => _byTerm.Count;

    /// <summary>A server believes that it leads; true when that is new.</summary>
    public bool Note(ulong term, string server)
    {
        if (_byTerm.TryAdd(term, server)) return true;
        if (_byTerm[term] != server) SimFailureException.Safety("one leader in a term", $"{_byTerm[term]} and {server} both lead in term {term}");
        return false;
    }
}
