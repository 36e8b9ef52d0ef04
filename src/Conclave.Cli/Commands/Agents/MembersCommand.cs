using System.Text.Json;
using System.Text.RegularExpressions;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>members</c>: the gossip pool as the agent sees it.</summary>
internal sealed class MembersCommand : ClientCommand
{
    /// <summary>Exit code when no member matches.</summary>
    private const int NoMatch = 2;

    private static readonly string[] Statuses = ["none", "alive", "leaving", "left", "failed"];

    private bool _detailed, _wan;
    private string _status = ".*", _segment = "_all";

    public override string Usage => "members [options]";

    public override string Summary => "Lists the members of the cluster.";

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("detailed", value => _detailed = value, "Print all tags.");
        flags.Text("segment", value => _segment = value, "Members of one network segment only.");
        flags.Text("status", value => _status = value, "Members whose status matches this pattern only.");
        flags.Switch("wan", value => _wan = value, "The servers of all datacenters.");
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        if (Patterns.Compile(_status, "status", out var status) is { } fault) return io.Fail(fault);
        try
        {
            var query = new Query().Set("segment", _segment);
            if (_wan) query.Set("wan", "1");
            var answer = await client.GetAsync("/v1/agent/members", query, stop).ConfigureAwait(false);
            using var json = answer.Json();
            var members = Matching(json.RootElement, status!);
            if (members.Count == 0) return NoMatch;
            io.Out.Write(_detailed ? Detailed(members) : Standard(members));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error retrieving members: {error.Message}");
        }
    }

    private static List<(JsonElement Member, SortedDictionary<string, string> Tags)> Matching(JsonElement members, Regex status)
    {
        var matching = new List<(JsonElement Member, SortedDictionary<string, string> Tags)>();
        foreach (var member in members.Items())
            if (status.IsMatch(StatusOf(member))) matching.Add((member, member.TextMap("Tags")));
        matching.Sort((left, right) => string.CompareOrdinal(SortKey(left.Member, left.Tags), SortKey(right.Member, right.Tags)));
        return matching;
    }

    private static string SortKey(JsonElement member, SortedDictionary<string, string> tags) =>
        $"{tags.GetValueOrDefault("dc")}\0{SegmentOf(tags)}\0{member.Text("Name")}";

    private static string StatusOf(JsonElement member) => member.Number("Status") is >= 0 and < 5 and var status ? Statuses[status] : "unknown";

    private static string SegmentOf(SortedDictionary<string, string> tags)
    {
        if (tags.GetValueOrDefault("role") == "consul") return "<all>";
        return tags.GetValueOrDefault("segment") is { Length: > 0 } segment ? segment : "<default>";
    }

    private static string AddressOf(JsonElement member)
    {
        var address = member.Text("Addr");
        return address.Contains(':') ? $"[{address}]:{member.Number("Port")}" : $"{address}:{member.Number("Port")}";
    }

    private static string Standard(List<(JsonElement Member, SortedDictionary<string, string> Tags)> members)
    {
        var rows = new List<string[]> { new[] { "Node", "Address", "Status", "Type", "Build", "Protocol", "DC", "Segment" } };
        foreach (var (member, tags) in members)
        {
            var type = tags.GetValueOrDefault("role") switch { "node" => "client", "consul" => "server", _ => "unknown" };
            var build = tags.GetValueOrDefault("build") ?? "";
            var revision = build.IndexOf(':', StringComparison.Ordinal);
            rows.Add([member.Text("Name"), AddressOf(member), StatusOf(member), type, revision < 0 ? build : build[..revision],
                tags.GetValueOrDefault("vsn") ?? "", tags.GetValueOrDefault("dc") ?? "", SegmentOf(tags)]);
        }
        return Columns.Format(rows);
    }

    private static string Detailed(List<(JsonElement Member, SortedDictionary<string, string> Tags)> members)
    {
        var rows = new List<string[]> { new[] { "Node", "Address", "Status", "Tags" } };
        foreach (var (member, tags) in members)
        {
            tags["segment"] = SegmentOf(tags);
            rows.Add([member.Text("Name"), AddressOf(member), StatusOf(member), string.Join(',', tags.Select(tag => $"{tag.Key}={tag.Value}"))]);
        }
        return Columns.Format(rows);
    }
}
