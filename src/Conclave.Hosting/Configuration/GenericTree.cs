using System.Text;
using Conclave.Core.Model;

namespace Conclave.Hosting.Configuration;

/// <summary>Turns a block into the generic tree that the catalog keeps; names get the catalog's spelling (<c>destination_service_name</c> becomes <c>DestinationServiceName</c>).</summary>
internal static class GenericTree
{
    /// <summary>Names whose catalog spelling is not plain camel case.</summary>
    private static readonly Dictionary<string, string> Spelled = new(StringComparer.Ordinal)
    {
        ["destination_service_id"] = "DestinationServiceID",
        ["id"] = "ID",
        ["http2"] = "HTTP2",
    };

    public static MsgPackMap From(ConfigObject block) => Map(block, rename: true);

    private static MsgPackMap Map(ConfigObject block, bool rename)
    {
        var fields = new List<KeyValuePair<string, object?>>();
        foreach (var (name, value) in block.Fields)
        {
            var spelled = rename ? CatalogName(name) : name;
            // Free maps inside (Config) keep the names their author chose.
            fields.Add(new(spelled, Value(value, rename && spelled != "Config")));
        }
        return new MsgPackMap { Fields = fields };
    }

    private static object? Value(object? value, bool rename) => value switch
    {
        ConfigObject block => Map(block, rename),
        List<object?> list => list.ConvertAll(item => Value(item, rename)),
        string text => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(text)),
        _ => value,
    };

    private static string CatalogName(string name)
    {
        if (Spelled.TryGetValue(name, out var known)) return known;
        if (!name.Contains('_') && name.Length > 0 && char.IsUpper(name[0])) return name;
        var spelled = new StringBuilder();
        foreach (var word in name.Split('_', StringSplitOptions.RemoveEmptyEntries)) spelled.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
        return spelled.ToString();
    }
}
