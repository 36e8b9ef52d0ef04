namespace Conclave.Simulation.Cluster;

/// <summary>What a client asked of one key.</summary>
public enum RegisterKind : byte
{
    /// <summary>Which value is there?</summary>
    Read,
    /// <summary>Store a value, whatever is there (0: remove it).</summary>
    Write,
    /// <summary>Store a value if the expected one is there (0: none).</summary>
    CompareAndSet,
    /// <summary>Remove the expected value; succeeds as well when no value is there.</summary>
    RemoveIfSame,
}

/// <summary>
/// One operation on one key as its client saw it. Values are numbers that no two writes share; 0 stands for "no such key". The outcome of an operation
/// that never returned, or returned an error after it may have been logged, is unknown: it may take effect at any time after it was asked for, or never.
/// </summary>
public sealed class RegisterOperation
{
    /// <summary>When nobody knows whether and when the operation took effect.</summary>
    public const long Never = long.MaxValue;

    /// <summary>What was asked.</summary>
    public required RegisterKind Kind { get; init; }

    /// <summary>The client's number, for reports.</summary>
    public int Client { get; init; }

    /// <summary>When it was asked.</summary>
    public required long Invoked { get; init; }

    /// <summary>When the answer was there; <see cref="Never"/> while the outcome is unknown.</summary>
    public long Returned { get; set; } = Never;

    /// <summary>Compare-and-set: the value that must be there.</summary>
    public long Expected { get; init; }

    /// <summary>The value to store, or the one that a read found.</summary>
    public long Value { get; set; }

    /// <summary>Compare-and-set: whether it took effect.</summary>
    public bool Succeeded { get; set; }

    /// <summary>Whether the client knows what became of it.</summary>
    public bool IsKnown => Returned != Never;

    /// <inheritdoc/>
    public override string ToString()
    {
        string what = Kind switch
        {
            RegisterKind.Read => $"read {(IsKnown ? Value : "?")}",
            RegisterKind.Write => $"write {Value}",
            RegisterKind.RemoveIfSame => $"remove {Expected} {(IsKnown ? Succeeded : "?")}",
            _ => $"cas {Expected} -> {Value} {(IsKnown ? Succeeded : "?")}",
        };
        return $"client {Client}: {what} [{Invoked}, {(IsKnown ? Returned : "…")}]";
    }
}
