namespace Conclave.State;

public sealed partial class StateRoot
{
    /// <summary>How much this state holds. Takes time in proportion to the instances of services: their names are counted anew.</summary>
    public StateSizes Sizes() => new(Tables.Nodes.Count, ServiceNames(), Tables.Services.Count, Tables.Checks.Count, Tables.Kv.Count, Tables.Sessions.Count);

    // Instances of one service are neighbours.
    private int ServiceNames()
    {
        string? name = null;
        int names = 0;
        foreach (var row in Tables.ServicesByName.Scan([]))
        {
            if (row.Service.Service == name) continue;
            name = row.Service.Service;
            names++;
        }
        return names;
    }
}
