namespace Conclave.Node.Filters;

/// <summary>What a match does. <c>contains</c> is <see cref="In"/> with the sides exchanged.</summary>
internal enum FilterOperator
{
    Equal,
    NotEqual,
    In,
    NotIn,
    IsEmpty,
    IsNotEmpty,
    Matches,
    NotMatches,
}

internal static class FilterOperators
{
    /// <summary>The name in messages.</summary>
    public static string NameOf(FilterOperator op) => op switch
    {
        FilterOperator.Equal => "Equal",
        FilterOperator.NotEqual => "Not Equal",
        FilterOperator.In => "In",
        FilterOperator.NotIn => "Not In",
        FilterOperator.IsEmpty => "Is Empty",
        FilterOperator.IsNotEmpty => "Is Not Empty",
        FilterOperator.Matches => "Matches",
        _ => "Not Matches",
    };

    /// <summary>True for the operators that negate another one.</summary>
    public static bool IsNegative(FilterOperator op) => op is FilterOperator.NotEqual or FilterOperator.NotIn or FilterOperator.IsNotEmpty or FilterOperator.NotMatches;

    /// <summary>The operator without its negation.</summary>
    public static FilterOperator Positive(FilterOperator op) => op switch
    {
        FilterOperator.NotEqual => FilterOperator.Equal,
        FilterOperator.NotIn => FilterOperator.In,
        FilterOperator.IsNotEmpty => FilterOperator.IsEmpty,
        FilterOperator.NotMatches => FilterOperator.Matches,
        _ => op,
    };
}
