namespace Conclave.Hosting.Configuration;

/// <summary>
/// A parsed block of a configuration text, in order. Values are null, bool, long, double, string, <see cref="ConfigObject"/> or <c>List&lt;object?&gt;</c>.
/// Blocks of the HCL form that repeat become a list of objects.
/// </summary>
internal sealed class ConfigObject
{
    private readonly List<KeyValuePair<string, object?>> _fields = [];

    public IReadOnlyList<KeyValuePair<string, object?>> Fields => _fields;

    /// <summary>Sets a field; a later value replaces an earlier one, as in both syntaxes.</summary>
    public void Set(string key, object? value)
    {
        var at = IndexOf(key);
        if (at < 0) _fields.Add(new(key, value));
        else _fields[at] = new(key, value);
    }

    /// <summary>Adds a block; blocks with the same key gather in a list.</summary>
    public void AddBlock(string key, ConfigObject block)
    {
        var at = IndexOf(key);
        if (at < 0) _fields.Add(new(key, block));
        else if (_fields[at].Value is List<object?> list) list.Add(block);
        else if (_fields[at].Value is ConfigObject first) _fields[at] = new(key, new List<object?> { first, block });
        else _fields[at] = new(key, block);
    }

    public object? Get(string key)
    {
        var at = IndexOf(key);
        return at < 0 ? null : _fields[at].Value;
    }

    private int IndexOf(string key) => _fields.FindIndex(field => field.Key == key);
}
