using System.Globalization;
using System.Text;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Operator;

/// <summary><c>operator autopilot state</c>: how the servers are doing.</summary>
internal sealed class AutopilotStateCommand : ClientCommand
{
    private static readonly string[] Fields = ["Healthy", "FailureTolerance", "OptimisticFailureTolerance", "Servers", "Leader", "Voters", "ReadReplicas"];

    private static readonly string[] ServerFields =
        ["ID", "Name", "Address", "NodeStatus", "Version", "LastContact", "LastTerm", "LastIndex", "Healthy", "StableSince", "ReadReplica", "Status", "Meta", "NodeType"];

    private string _format = "pretty";

    public override string Usage => "operator autopilot state [options]";

    public override string Summary => "Shows how the servers are doing and how many may fail.";

    protected override bool AsksServers => true;

    protected override void DefineOwn(FlagSet flags) => flags.Text("format", value => _format = value, "pretty (default) or json.");

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) => _format is "pretty" or "json" ? null : io.Fail($"Unknown format: {_format}");

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            using var json = (await client.GetAsync("/v1/operator/autopilot/state", null, stop).ConfigureAwait(false)).Json();
            io.Out.Write((_format == "json" ? Ordered(json.RootElement) : Pretty(json.RootElement)) + "\n");
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying Autopilot state: {error.Message}");
        }
    }

    private static string Pretty(JsonElement state)
    {
        var text = new StringBuilder();
        Line(text, "", 30, "Healthy", Word(state, "Healthy"));
        Line(text, "", 30, "Failure Tolerance", Number(state, "FailureTolerance"));
        Line(text, "", 30, "Optimistic Failure Tolerance", Number(state, "OptimisticFailureTolerance"));
        Line(text, "", 30, "Leader", state.Text("Leader"));
        text.Append("Voters:\n");
        foreach (var voter in state.Items("Voters")) text.Append("   ").Append(voter.GetString()).Append('\n');
        text.Append("Servers:\n");
        if (state.Field("Servers") is { ValueKind: JsonValueKind.Object } servers)
            foreach (var server in servers.EnumerateObject().OrderBy(static field => field.Name, StringComparer.Ordinal)) Pretty(text, server.Name, server.Value);
        return text.ToString();
    }

    private static void Pretty(StringBuilder text, string id, JsonElement server)
    {
        const string indent = "      ";
        text.Append("   ").Append(id).Append('\n');
        Line(text, indent, 17, "Name", server.Text("Name"));
        Line(text, indent, 17, "Address", server.Text("Address"));
        Line(text, indent, 17, "Version", server.Text("Version"));
        Line(text, indent, 17, "Status", server.Text("Status"));
        Line(text, indent, 17, "Node Type", server.Text("NodeType"));
        Line(text, indent, 17, "Node Status", server.Text("NodeStatus"));
        Line(text, indent, 17, "Healthy", Word(server, "Healthy"));
        Line(text, indent, 17, "Last Contact", server.Text("LastContact"));
        Line(text, indent, 17, "Last Term", Number(server, "LastTerm"));
        Line(text, indent, 17, "Last Index", Number(server, "LastIndex"));
        text.Append(indent).Append("Meta\n");
        foreach (var (key, value) in server.TextMap("Meta")) text.Append("         ").Append(GoJson.Quote(key)).Append(": ").Append(GoJson.Quote(value)).Append('\n');
    }

    private static void Line(StringBuilder text, string indent, int width, string name, string value) => text.Append(indent).Append((name + ":").PadRight(width)).Append(value).Append('\n');

    private static string Word(JsonElement value, string name) => value.Truth(name) ? "true" : "false";

    private static string Number(JsonElement value, string name) => value.Unsigned(name).ToString(CultureInfo.InvariantCulture);

    // The fields in the order of the recorded output, whatever the server's is; what is not known here is left out, as a client of that time would.
    private static string Ordered(JsonElement state)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (string name in Fields)
            {
                if (!state.TryGetProperty(name, out var value)) continue;
                writer.WritePropertyName(name);
                if (name == "Servers" && value.ValueKind == JsonValueKind.Object) WriteServers(writer, value);
                else value.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        using var ordered = JsonDocument.Parse(buffer.ToArray());
        return GoJson.Indent(ordered.RootElement);
    }

    private static void WriteServers(Utf8JsonWriter writer, JsonElement servers)
    {
        writer.WriteStartObject();
        foreach (var server in servers.EnumerateObject().OrderBy(static field => field.Name, StringComparer.Ordinal))
        {
            writer.WriteStartObject(server.Name);
            foreach (string name in ServerFields)
            {
                if (!server.Value.TryGetProperty(name, out var value)) continue;
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }
}
