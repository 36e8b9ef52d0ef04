namespace Conclave.Node.Filters;

/// <summary>Turns filter expressions into filters.</summary>
/// <remarks>
/// The language is the one of Consul's <c>filter</c> parameter: <c>== != in, not in, contains, not contains, is empty, is not empty, matches, not matches</c>,
/// joined by <c>and</c>, <c>or</c>, <c>not</c> and parentheses. Expressions have at most 16,384 characters and are nested at most 64 levels deep;
/// they hold at most <see cref="PatternsMax"/> patterns.
/// </remarks>
public static class FilterCompiler
{
    /// <summary>Most patterns in one expression. A compiled pattern takes a tenth of a megabyte or more, so an expression of nothing but patterns would be dear.</summary>
    public const int PatternsMax = 32;

    /// <summary>Compiles <paramref name="expression"/>; an empty one lets everything pass.</summary>
    /// <exception cref="FilterException">The expression is malformed or does not fit the resource.</exception>
    public static Filter<T> Compile<T>(string expression, FilterSchema<T> schema)
    {
        if (expression.Length == 0) return Filter<T>.Everything;
        var node = FilterParser.Parse(expression);
        if (CountPatterns(node) is var patterns and > PatternsMax) throw new FilterException($"Number of patterns ({patterns}) exceeds the limit ({PatternsMax})");
        return new(Bind(node, schema), node.ToString());
    }

    private static int CountPatterns(FilterNode node)
    {
        switch (node)
        {
            case FilterMatch match: return FilterOperators.Positive(match.Operator) == FilterOperator.Matches ? 1 : 0;
            case FilterNot not: return CountPatterns(not.Operand);
        }
        int count = 0;
        foreach (var operand in ((FilterGroup)node).Operands) count += CountPatterns(operand);
        return count;
    }

    private static Predicate<T> Bind<T>(FilterNode node, FilterSchema<T> schema)
    {
        switch (node)
        {
            case FilterMatch match: return schema.Bind(match, depth: 0);
            case FilterNot not:
                var operand = Bind(not.Operand, schema);
                return item => !operand(item);
            case FilterGroup { All: true } group: return And(BindAll(group, schema));
            default: return Or(BindAll((FilterGroup)node, schema));
        }
    }

    private static Predicate<T>[] BindAll<T>(FilterGroup group, FilterSchema<T> schema)
    {
        var tests = new Predicate<T>[group.Operands.Count];
        for (int i = 0; i < tests.Length; i++) tests[i] = Bind(group.Operands[i], schema);
        return tests;
    }

    private static Predicate<T> And<T>(Predicate<T>[] tests) => item =>
    {
        foreach (var test in tests)
            if (!test(item)) return false;
        return true;
    };

    private static Predicate<T> Or<T>(Predicate<T>[] tests) => item =>
    {
        foreach (var test in tests)
            if (test(item)) return true;
        return false;
    };
}
