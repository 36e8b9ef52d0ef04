using System.Text;

namespace Conclave.Cli.Client;

/// <summary>URL parameters in the order of their names, as Go encodes them; values of one name keep their order.</summary>
internal sealed class Query
{
    private readonly SortedDictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    public Query()
    {
    }

    public Query(Query other)
    {
        foreach (var (name, values) in other._values) _values[name] = [.. values];
    }

    public Query Set(string name, string value)
    {
        _values[name] = [value];
        return this;
    }

    public Query Add(string name, string value)
    {
        if (_values.TryGetValue(name, out var values)) values.Add(value);
        else _values[name] = [value];
        return this;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (name, values) in _values)
            foreach (var value in values)
                text.Append(text.Length == 0 ? '?' : '&').Append(Escape(name)).Append('=').Append(Escape(value));
        return text.ToString();
    }

    /// <summary>A path segment or key; slashes stay.</summary>
    public static string EscapePath(string path) => Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal);

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}
