namespace Conclave.Node.Filters;

/// <summary>A compiled filter expression. Immutable and usable on any thread; a match allocates nothing.</summary>
/// <typeparam name="T">The resource it looks at.</typeparam>
public sealed class Filter<T>
{
    private readonly Predicate<T>? _test;

    internal Filter(Predicate<T>? test, string canonicalText) => (_test, CanonicalText) = (test, canonicalText);

    /// <summary>A filter that lets everything pass.</summary>
    public static Filter<T> Everything { get; } = new(null, "");

    /// <summary>True when nothing is filtered: callers may skip the loop.</summary>
    public bool IsEverything => _test is null;

    /// <summary>The same text for expressions that differ only in blanks, quotes and the like: a key for grouping equal queries.</summary>
    public string CanonicalText { get; }

    /// <summary>True when <paramref name="item"/> passes.</summary>
    public bool Matches(in T item) => _test is null || _test(item);

    /// <summary>Keeps the items that pass, in their order.</summary>
    public void Apply(List<T> items)
    {
        if (_test is not null) items.RemoveAll(item => !_test(item));
    }
}
