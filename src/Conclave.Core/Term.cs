namespace Conclave.Core;

/// <summary>A Raft term: a logical epoch with at most one leader (Raft paper, section 5.1).</summary>
/// <param name="Value">0 before the first election.</param>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    /// <summary>The term after this one.</summary>
    public Term Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    /// <summary>Order of terms.</summary>
    public static bool operator <(Term a, Term b) => a.Value < b.Value;

    /// <summary>Order of terms.</summary>
    public static bool operator >(Term a, Term b) => a.Value > b.Value;

    /// <summary>Order of terms.</summary>
    public static bool operator <=(Term a, Term b) => a.Value <= b.Value;

    /// <summary>Order of terms.</summary>
    public static bool operator >=(Term a, Term b) => a.Value >= b.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
