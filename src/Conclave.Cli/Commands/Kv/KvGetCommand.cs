using System.Text;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Kv;

/// <summary><c>kv get</c>.</summary>
internal sealed class KvGetCommand : ClientCommand
{
    private bool _base64, _detailed, _keys, _recurse;
    private string _separator = "/";

    public override string Usage => "kv get [options] [KEY_OR_PREFIX]";

    public override string Summary => "Prints the value of a key, the values below a prefix, or names of keys.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("base64", value => _base64 = value, "Print values in base64.");
        flags.Switch("detailed", value => _detailed = value, "Print all fields of each key.");
        flags.Switch("keys", value => _keys = value, "Print the names of keys below the prefix.");
        flags.Switch("recurse", value => _recurse = value, "Print all keys below the prefix.");
        flags.Text("separator", value => _separator = value, "With -keys: names end at the first occurrence after the prefix. Default \"/\".");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 1) return io.Fail($"Too many arguments (expected 1, got {arguments.Count})");
        return KeyOf(arguments).Length == 0 && !_recurse && !_keys ? io.Fail("Error! Missing KEY argument") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var key = KeyOf(arguments);
        try
        {
            return _keys ? await PrintKeysAsync(client, io, key, stop).ConfigureAwait(false) : await PrintValuesAsync(client, io, key, stop).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying Consul agent: {(error.Status == 0 ? error.Message : $"Unexpected response code: {error.Status}")}");
        }
    }

    private static string KeyOf(IReadOnlyList<string> arguments) => arguments is [var key] ? (key is ['/', ..] ? key[1..] : key) : "";

    private async Task<int> PrintKeysAsync(AgentClient client, CommandIo io, string prefix, CancellationToken stop)
    {
        var query = new Query().Set("keys", "");
        if (_separator.Length > 0) query.Set("separator", _separator);
        var answer = await FetchAsync(client, prefix, query, stop).ConfigureAwait(false);
        if (answer is null) return 0;
        using var json = answer.Json();
        foreach (var key in json.RootElement.Items()) io.Out.Write(key.GetString() + "\n");
        return 0;
    }

    private async Task<int> PrintValuesAsync(AgentClient client, CommandIo io, string key, CancellationToken stop)
    {
        var answer = await FetchAsync(client, key, _recurse ? new Query().Set("recurse", "") : null, stop).ConfigureAwait(false);
        if (answer is null) return _recurse ? 0 : io.Fail($"Error! No key exists at: {key}");
        using var json = answer.Json();
        var text = new StringBuilder();
        foreach (var entry in json.RootElement.Items())
        {
            var pair = KvPair.From(entry);
            if (!_recurse) text.Append(_detailed ? pair.Detailed(_base64) : pair.Shown(_base64) + "\n");
            else if (_detailed) text.Append(text.Length == 0 ? "" : "\n").Append(pair.Detailed(_base64));
            else text.Append(pair.Key).Append(':').Append(pair.Shown(_base64)).Append('\n');
        }
        io.Out.Write(text.ToString());
        return 0;
    }

    /// <summary>The answer, or null when there is no such key.</summary>
    private static async Task<ApiAnswer?> FetchAsync(AgentClient client, string key, Query? query, CancellationToken stop)
    {
        var answer = await client.SendAsync(HttpMethod.Get, "/v1/kv/" + Query.EscapePath(key), query, null, stop).ConfigureAwait(false);
        return answer.Status switch { 200 => answer, 404 => null, _ => throw AgentClient.Unexpected(answer) };
    }
}
