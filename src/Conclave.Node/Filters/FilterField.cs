namespace Conclave.Node.Filters;

/// <summary>A field that can be selected: what it supports and how its value is had. Tests are made once per expression and allocate nothing when they run.</summary>
internal abstract class FilterField<T>
{
    /// <summary>Makes the test for <paramref name="match"/>, of whose selector <paramref name="depth"/> parts led to this field.</summary>
    /// <exception cref="FilterException">The field has no such part, no such operator or no such value.</exception>
    public Predicate<T> Bind(FilterMatch match, int depth) => depth == match.Selector.Count ? BindValue(match) : BindPart(match, depth);

    public static FilterException InvalidSelector(FilterMatch match, int depth) =>
        new($"Selector {FilterText.Quote(string.Join('.', match.Selector.Take(depth + 1)))} is not valid");

    /// <summary>The selector ends here.</summary>
    protected abstract Predicate<T> BindValue(FilterMatch match);

    /// <summary>The selector goes on. Most fields have no parts.</summary>
    protected virtual Predicate<T> BindPart(FilterMatch match, int depth) => throw InvalidSelector(match, depth);

    protected static FilterException InvalidOperator(FilterMatch match) =>
        new($"Invalid match operator {FilterText.Quote(FilterOperators.NameOf(match.Operator))} for selector {FilterText.Quote(match.SelectorText)}");

    protected static Predicate<T> Negated(FilterMatch match, Predicate<T> test) => FilterOperators.IsNegative(match.Operator) ? item => !test(item) : test;
}

/// <summary>A text: equality, substring (<c>in</c>, <c>contains</c>) and patterns.</summary>
internal sealed class TextField<T>(Func<T, string> get) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match)
    {
        if (FilterValues.TryBindText(match) is not { } test) throw InvalidOperator(match);
        return Negated(match, item => test(get(item)));
    }
}

/// <summary>A whole number that may be negative.</summary>
internal sealed class IntegerField<T>(Func<T, long> get) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match)
    {
        if (FilterOperators.Positive(match.Operator) != FilterOperator.Equal) throw InvalidOperator(match);
        long value = FilterValues.ToInteger(match);
        return Negated(match, item => get(item) == value);
    }
}

/// <summary>True or false.</summary>
internal sealed class BoolField<T>(Func<T, bool> get) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match)
    {
        if (FilterOperators.Positive(match.Operator) != FilterOperator.Equal) throw InvalidOperator(match);
        bool value = FilterValues.ToBool(match);
        return Negated(match, item => get(item) == value);
    }
}

/// <summary>A list of texts: membership and emptiness.</summary>
internal sealed class TextListField<T>(Func<T, IReadOnlyList<string>?> get) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match)
    {
        switch (FilterOperators.Positive(match.Operator))
        {
            case FilterOperator.IsEmpty: return Negated(match, item => get(item) is not { Count: > 0 });
            case FilterOperator.In:
                string value = match.Value!;
                return Negated(match, item => Contains(get(item), value));
            default: throw InvalidOperator(match);
        }
    }

    private static bool Contains(IReadOnlyList<string>? list, string value)
    {
        if (list is null) return false;
        for (int i = 0; i < list.Count; i++)
            if (list[i] == value) return true;
        return false;
    }
}

/// <summary>A map from text: presence of keys, emptiness, and its values by key.</summary>
internal sealed class MapField<T, TValue>(Func<T, IReadOnlyDictionary<string, TValue>?> get, FilterField<TValue> values) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match)
    {
        switch (FilterOperators.Positive(match.Operator))
        {
            case FilterOperator.IsEmpty: return Negated(match, item => get(item) is not { Count: > 0 });
            case FilterOperator.In:
                string key = match.Value!;
                return Negated(match, item => get(item) is { } map && map.ContainsKey(key));
            default: throw InvalidOperator(match);
        }
    }

    protected override Predicate<T> BindPart(FilterMatch match, int depth)
    {
        string key = match.Selector[depth];
        var test = values.Bind(match, depth + 1);
        // What is not there is equal to nothing, in nothing, empty and without a pattern.
        bool whenAbsent = match.Operator is FilterOperator.NotEqual or FilterOperator.NotIn or FilterOperator.IsEmpty or FilterOperator.NotMatches;
        return item => get(item) is { } map && map.TryGetValue(key, out var value) ? test(value) : whenAbsent;
    }
}

/// <summary>An object of its own, selected only through its fields.</summary>
internal sealed class ObjectField<T, TObject>(Func<T, TObject> get, FilterSchema<TObject> schema) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match) => throw InvalidOperator(match);

    protected override Predicate<T> BindPart(FilterMatch match, int depth)
    {
        var test = schema.Bind(match, depth);
        return item => test(get(item));
    }
}

/// <summary>A list of objects. A comparison with a field of theirs holds when it holds for any of them, also a negative one.</summary>
internal sealed class ObjectListField<T, TObject>(Func<T, IReadOnlyList<TObject>?> get, FilterSchema<TObject> schema) : FilterField<T>
{
    protected override Predicate<T> BindValue(FilterMatch match)
    {
        if (FilterOperators.Positive(match.Operator) != FilterOperator.IsEmpty) throw InvalidOperator(match);
        return Negated(match, item => get(item) is not { Count: > 0 });
    }

    protected override Predicate<T> BindPart(FilterMatch match, int depth)
    {
        var test = schema.Bind(match, depth);
        return item => Any(get(item), test);
    }

    private static bool Any(IReadOnlyList<TObject>? list, Predicate<TObject> test)
    {
        if (list is null) return false;
        for (int i = 0; i < list.Count; i++)
            if (test(list[i])) return true;
        return false;
    }
}
