namespace Conclave.Core;

/// <summary>Position of an entry in the Raft log. 0 means "before the first entry".</summary>
/// <param name="Value">1 for the first entry.</param>
public readonly record struct LogIndex(ulong Value) : IComparable<LogIndex>
{
    /// <summary>The position after this one.</summary>
    public LogIndex Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    /// <summary>Order in the log.</summary>
    public static bool operator <(LogIndex a, LogIndex b) => a.Value < b.Value;

    /// <summary>Order in the log.</summary>
    public static bool operator >(LogIndex a, LogIndex b) => a.Value > b.Value;

    /// <summary>Order in the log.</summary>
    public static bool operator <=(LogIndex a, LogIndex b) => a.Value <= b.Value;

    /// <summary>Order in the log.</summary>
    public static bool operator >=(LogIndex a, LogIndex b) => a.Value >= b.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
