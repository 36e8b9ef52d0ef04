using System.Text;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Catalog;

/// <summary><c>catalog datacenters</c>.</summary>
internal sealed class CatalogDatacentersCommand : ClientCommand
{
    public override string Usage => "catalog datacenters [options]";

    public override string Summary => "Lists the datacenters.";

    protected override bool AsksServers => true;

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            using var json = (await client.GetAsync("/v1/catalog/datacenters", null, stop).ConfigureAwait(false)).Json();
            foreach (var name in json.RootElement.Items()) io.Out.Write(name.GetString() + "\n");
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error listing datacenters: {error.Message}");
        }
    }
}

/// <summary><c>catalog nodes</c>.</summary>
internal sealed class CatalogNodesCommand : ClientCommand
{
    /// <summary>Characters of an id in the short form.</summary>
    private const int ShortIdLength = 8;

    private readonly List<KeyValuePair<string, string>> _meta = [];
    private bool _detailed;
    private string _filter = "", _near = "", _service = "";

    public override string Usage => "catalog nodes [options]";

    public override string Summary => "Lists the nodes of the catalog.";

    protected override bool AsksServers => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("detailed", value => _detailed = value, "Print addresses and metadata too.");
        flags.Text("filter", value => _filter = value, "Expression that nodes must match.");
        flags.Text("near", value => _near = value, "Sort by round trip time from this node.");
        flags.Pairs("node-meta", _meta, "Nodes with this metadata only; may be repeated.");
        flags.Text("service", value => _service = value, "Nodes with this service only.", "id or name");
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var query = new Query();
        if (_filter.Length > 0) query.Set("filter", _filter);
        if (_near.Length > 0) query.Set("near", _near);
        foreach (var (key, value) in _meta) query.Add("node-meta", $"{key}:{value}");
        try
        {
            var path = _service.Length > 0 ? "/v1/catalog/service/" + Query.EscapePath(_service) : "/v1/catalog/nodes";
            using var json = (await client.GetAsync(path, query, stop).ConfigureAwait(false)).Json();
            var nodes = json.RootElement.Items().ToList();
            if (nodes.Count == 0) io.Error.Write("No nodes match the given query - try expanding your search.\n");
            else io.Out.Write(Columns.Format([Header(), .. nodes.Select(Row)]));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error listing {(_service.Length > 0 ? "services" : "nodes")}: {error.Message}");
        }
    }

    private string[] Header() => _detailed ? ["Node", "ID", "Address", "DC", "TaggedAddresses", "Meta"] : ["Node", "ID", "Address", "DC"];

    private string[] Row(JsonElement node)
    {
        var id = node.Text("ID");
        if (!_detailed) return [node.Text("Node"), id.Length > ShortIdLength ? id[..ShortIdLength] : id, node.Text("Address"), node.Text("Datacenter")];
        return [node.Text("Node"), id, node.Text("Address"), node.Text("Datacenter"), Pairs(node.TextMap("TaggedAddresses")), Pairs(node.TextMap(_service.Length > 0 ? "NodeMeta" : "Meta"))];
    }

    private static string Pairs(SortedDictionary<string, string> map) => string.Join(", ", map.Select(entry => $"{entry.Key}={entry.Value}"));
}

/// <summary><c>catalog services</c>.</summary>
internal sealed class CatalogServicesCommand : ClientCommand
{
    /// <summary>Spaces between the columns of the form with tags.</summary>
    private const int Gap = 6;

    private readonly List<KeyValuePair<string, string>> _meta = [];
    private bool _tags;
    private string _node = "";

    public override string Usage => "catalog services [options]";

    public override string Summary => "Lists the services of the catalog.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Text("node", value => _node = value, "Services of this node only.", "id or name");
        flags.Pairs("node-meta", _meta, "Services of nodes with this metadata only; may be repeated.");
        flags.Switch("tags", value => _tags = value, "Print the tags of each service.");
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var query = new Query();
        foreach (var (key, value) in _meta) query.Add("node-meta", $"{key}:{value}");
        try
        {
            var path = _node.Length > 0 ? "/v1/catalog/node/" + Query.EscapePath(_node) : "/v1/catalog/services";
            using var json = (await client.GetAsync(path, query, stop).ConfigureAwait(false)).Json();
            var services = _node.Length > 0 ? OfNode(json.RootElement) : OfCatalog(json.RootElement);
            if (services.Count == 0) io.Error.Write("No services match the given query - try expanding your search.\n");
            else io.Out.Write(_tags ? WithTags(services) : string.Concat(services.Keys.Select(name => name + "\n")));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error listing services{(_node.Length > 0 ? " for node" : "")}: {error.Message}");
        }
    }

    private static SortedDictionary<string, SortedSet<string>> OfCatalog(JsonElement answer)
    {
        var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        if (answer.ValueKind != JsonValueKind.Object) return services;
        foreach (var entry in answer.EnumerateObject()) services[entry.Name] = TagsOf(entry.Value);
        return services;
    }

    private static SortedDictionary<string, SortedSet<string>> OfNode(JsonElement answer)
    {
        var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        if (answer.Field("Services") is not { ValueKind: JsonValueKind.Object } instances) return services;
        foreach (var instance in instances.EnumerateObject())
        {
            var name = instance.Value.Text("Service");
            if (!services.TryGetValue(name, out var tags)) services[name] = tags = new SortedSet<string>(StringComparer.Ordinal);
            if (instance.Value.Field("Tags") is { } list) tags.UnionWith(TagsOf(list));
        }
        return services;
    }

    private static SortedSet<string> TagsOf(JsonElement list) => new(list.Items().Select(tag => tag.GetString() ?? ""), StringComparer.Ordinal);

    private static string WithTags(SortedDictionary<string, SortedSet<string>> services)
    {
        var width = services.Keys.Max(name => name.Length) + Gap;
        var text = new StringBuilder();
        foreach (var (name, tags) in services) text.Append(name.PadRight(width)).AppendJoin(',', tags).Append('\n');
        return text.ToString();
    }
}
