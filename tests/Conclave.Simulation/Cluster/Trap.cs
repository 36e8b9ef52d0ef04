namespace Conclave.Simulation.Cluster;

/// <summary>The moment in which a server ends.</summary>
internal enum TrapKind
{
    /// <summary>It has won an election.</summary>
    Elected,

    /// <summary>It leads and has committed something.</summary>
    Committing,
}

/// <summary>The next server that gets there ends before anybody hears of it, with what it wrote on its disk, and comes back after a while.</summary>
internal readonly record struct Trap(TrapKind Kind, TimeSpan Away);
