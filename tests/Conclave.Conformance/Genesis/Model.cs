using System.Text.Json;

namespace Conclave.Conformance.Genesis;

/// <summary>An object of the client: mandatory fields must be there and not null, optional ones may be null or absent.</summary>
internal sealed class Model : Shape
{
    private readonly Dictionary<string, (Shape Shape, bool Mandatory)> _fields = [];
    private bool _exact;

    public Model Must(Shape shape, params string[] names) => Add(shape, mandatory: true, names);

    public Model May(Shape shape, params string[] names) => Add(shape, mandatory: false, names);

    /// <summary>The client refuses fields that it does not know.</summary>
    public Model NothingElse()
    {
        _exact = true;
        return this;
    }

    private Model Add(Shape shape, bool mandatory, string[] names)
    {
        foreach (var name in names) _fields.Add(name, (shape, mandatory));
        return this;
    }

    public override string? Check(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) return $"{path} is {value.ValueKind} instead of an object";
        foreach (var (name, (shape, mandatory)) in _fields)
        {
            if (!value.TryGetProperty(name, out var field) || field.ValueKind == JsonValueKind.Null)
            {
                if (mandatory) return $"{path}.{name} is missing or null";
                continue;
            }
            if (shape.Check(field, $"{path}.{name}") is { } problem) return problem;
        }
        if (!_exact) return null;
        var foreign = value.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !_fields.ContainsKey(name));
        return foreign is null ? null : $"{path}.{foreign} is not known to the client";
    }
}
