using System.Globalization;
using System.Text;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Kv;

/// <summary><c>kv export</c>: keys below a prefix as JSON for <c>kv import</c>.</summary>
internal sealed class KvExportCommand : ClientCommand
{
    public override string Usage => "kv export [KEY_OR_PREFIX]";

    public override string Summary => "Prints the keys below a prefix as JSON that \"kv import\" reads.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) =>
        arguments.Count > 1 ? io.Fail($"Error! Too many arguments (expected 1, got {arguments.Count})") : null;

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var prefix = arguments is [var given] ? (given is ['/', ..] ? given[1..] : given) : "";
        try
        {
            var answer = await client.SendAsync(HttpMethod.Get, "/v1/kv/" + Query.EscapePath(prefix), new Query().Set("recurse", ""), null, stop).ConfigureAwait(false);
            if (answer.Status is not (200 or 404)) throw AgentClient.Unexpected(answer);
            io.Out.Write(answer.Status == 404 ? "[]\n" : Exported(answer));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying Consul agent: {(error.Status == 0 ? error.Message : $"Unexpected response code: {error.Status}")}");
        }
    }

    private static string Exported(ApiAnswer answer)
    {
        using var json = answer.Json();
        var text = new StringBuilder("[");
        foreach (var entry in json.RootElement.Items())
        {
            var pair = KvPair.From(entry);
            text.Append(text.Length == 1 ? "" : ",").Append("\n\t{\n\t\t\"key\": ").Append(GoJson.Quote(pair.Key))
                .Append(CultureInfo.InvariantCulture, $",\n\t\t\"flags\": {pair.Flags},\n\t\t\"value\": ").Append(GoJson.Quote(Convert.ToBase64String(pair.Value))).Append("\n\t}");
        }
        return text.Append(text.Length == 1 ? "]\n" : "\n]\n").ToString();
    }
}
