using System.Text;
using Conclave.Core.Model;

namespace Conclave.Node.Filters;

/// <summary>Reads fields of the mesh settings, which are kept as generic trees. What is absent is zero.</summary>
internal static class MeshField
{
    public static TextField<MsgPackMap?> Text(string name) => new(tree => Find(tree, name) is ReadOnlyMemory<byte> utf8 ? Encoding.UTF8.GetString(utf8.Span) : "");

    public static IntegerField<MsgPackMap?> Integer(string name) => new(tree => Find(tree, name) is long number ? number : 0);

    public static BoolField<MsgPackMap?> Bool(string name) => new(tree => Find(tree, name) is true);

    public static ObjectField<MsgPackMap?, MsgPackMap?> Object(string name, FilterSchema<MsgPackMap?> schema) => new(tree => Find(tree, name) as MsgPackMap, schema);

    public static ObjectListField<MsgPackMap?, MsgPackMap?> List(string name, FilterSchema<MsgPackMap?> schema) => new(tree => Maps(Find(tree, name)), schema);

    private static object? Find(MsgPackMap? tree, string name)
    {
        if (tree is null) return null;
        foreach (var field in tree.Fields)
            if (field.Key == name) return field.Value;
        return null;
    }

    private static MsgPackMap?[]? Maps(object? value) => value is IReadOnlyList<object?> list ? [.. list.Select(item => item as MsgPackMap)] : null;
}
