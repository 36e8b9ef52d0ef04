using System.Globalization;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>rtt</c>: the round trip time that network coordinates predict.</summary>
internal sealed class RttCommand : ClientCommand
{
    private bool _wan;

    public override string Usage => "rtt [options] node1 [node2]";

    public override string Summary => "Estimates the round trip time between two nodes.";

    protected override void DefineOwn(FlagSet flags) => flags.Switch("wan", value => _wan = value, "Names are server.datacenter, times are between datacenters.");

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) =>
        arguments.Count is 1 or 2 ? null : Misuse(io, "One or two node names must be specified");

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            var first = arguments[0];
            var second = arguments.Count > 1 ? arguments[1] : await OwnNameAsync(client, stop).ConfigureAwait(false);
            using var json = (await client.GetAsync(_wan ? "/v1/coordinate/datacenters" : "/v1/coordinate/nodes", null, stop).ConfigureAwait(false)).Json();
            if (Find(json.RootElement, first) is not { } from) return io.Fail($"Could not find a coordinate for node \"{first}\"");
            if (Find(json.RootElement, second) is not { } to) return io.Fail($"Could not find a coordinate for node \"{second}\"");
            var milliseconds = Distance(from, to) * 1000;
            io.Out.Write(string.Create(CultureInfo.InvariantCulture, $"Estimated {first} <-> {second} rtt: {milliseconds:F3} ms (using {(_wan ? "WAN" : "LAN")} coordinates)\n"));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error getting coordinates: {error.Message}");
        }
    }

    private async Task<string> OwnNameAsync(AgentClient client, CancellationToken stop)
    {
        using var json = (await client.GetAsync("/v1/agent/self", null, stop).ConfigureAwait(false)).Json();
        var config = json.RootElement.Field("Config");
        return _wan ? $"{config?.Text("NodeName")}.{config?.Text("Datacenter")}" : config?.Text("NodeName") ?? "";
    }

    private JsonElement? Find(JsonElement list, string name)
    {
        if (!_wan)
        {
            foreach (var entry in list.Items())
                if (entry.Text("Node") == name) return entry.Field("Coord");
            return null;
        }
        foreach (var datacenter in list.Items())
            foreach (var entry in datacenter.Items("Coordinates"))
                if ($"{entry.Text("Node")}.{datacenter.Text("Datacenter")}" == name) return entry.Field("Coord");
        return null;
    }

    /// <summary>Distance in seconds: between the points, plus both heights, plus the adjustments when the sum stays positive.</summary>
    private static double Distance(JsonElement from, JsonElement to)
    {
        double squares = 0;
        foreach (var (a, b) in from.Items("Vec").Zip(to.Items("Vec"))) squares += (a.GetDouble() - b.GetDouble()) * (a.GetDouble() - b.GetDouble());
        var distance = Math.Sqrt(squares) + Real(from, "Height") + Real(to, "Height");
        var adjusted = distance + Real(from, "Adjustment") + Real(to, "Adjustment");
        return adjusted > 0 ? adjusted : distance;
    }

    private static double Real(JsonElement value, string name) => value.Field(name) is { ValueKind: JsonValueKind.Number } field ? field.GetDouble() : 0;
}
