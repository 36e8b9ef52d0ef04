namespace Conclave.Node.Filters;

/// <summary>The fields of a resource that filter expressions may select, by the names its JSON has. Immutable; shared by all filters over <typeparamref name="T"/>.</summary>
/// <typeparam name="T">The resource.</typeparam>
public sealed class FilterSchema<T>
{
    private readonly Dictionary<string, FilterField<T>> _fields;

    internal FilterSchema(params (string Name, FilterField<T> Field)[] fields)
    {
        _fields = new(fields.Length, StringComparer.Ordinal);
        foreach (var (name, field) in fields) _fields.Add(name, field);
    }

    /// <summary>Names of the fields, in the order of the table.</summary>
    internal IEnumerable<string> Names => _fields.Keys;

    /// <summary>Turns a comparison into a test, <paramref name="depth"/> parts of its selector being used up already.</summary>
    internal Predicate<T> Bind(FilterMatch match, int depth)
    {
        if (!_fields.TryGetValue(match.Selector[depth], out var field)) throw FilterField<T>.InvalidSelector(match, depth);
        return field.Bind(match, depth + 1);
    }
}
