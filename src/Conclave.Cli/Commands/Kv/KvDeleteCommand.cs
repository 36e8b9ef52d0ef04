using System.Globalization;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;

namespace Conclave.Cli.Commands.Kv;

/// <summary><c>kv delete</c>.</summary>
internal sealed class KvDeleteCommand : ClientCommand
{
    private bool _cas, _recurse;
    private ulong _modifyIndex;

    public override string Usage => "kv delete [options] KEY_OR_PREFIX";

    public override string Summary => "Removes a key, or all keys below a prefix.";

    protected override bool AsksServers => true;

    protected override bool HasNamespace => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("cas", value => _cas = value, "Remove only when the key is unchanged since -modify-index.");
        flags.Unsigned("modify-index", value => _modifyIndex = value, "Index for -cas.");
        flags.Switch("recurse", value => _recurse = value, "Remove all keys below the prefix; without a prefix: all.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 1) return io.Fail($"Error! Too many arguments (expected 1, got {arguments.Count})");
        if (KeyOf(arguments).Length == 0 && !_recurse) return io.Fail("Error! Missing KEY argument");
        if (_cas && _modifyIndex == 0) return io.Fail("Cannot delete a key that does not exist. Provide a -modify-index greater than than 0.");
        if (_cas && _recurse) return io.Fail("Cannot specify both -cas and -recurse!");
        return !_cas && _modifyIndex != 0 ? io.Fail("Cannot specify -modify-index without -cas!") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var key = KeyOf(arguments);
        var query = new Query();
        if (_recurse) query.Set("recurse", "");
        if (_cas) query.Set("cas", _modifyIndex.ToString(CultureInfo.InvariantCulture));
        try
        {
            var answer = await client.RequireAsync(HttpMethod.Delete, "/v1/kv/" + Query.EscapePath(key), query, null, stop).ConfigureAwait(false);
            if (_cas && !answer.Text.Contains("true", StringComparison.Ordinal)) return io.Fail($"Error! Did not delete key {key}: CAS failed");
        }
        catch (ApiException error)
        {
            return io.Fail($"Error! Did not delete {(_recurse ? "prefix" : "key")} {key}: {error.Message}");
        }
        io.Out.Write(_recurse ? $"Success! Deleted keys with prefix: {key}\n" : $"Success! Deleted key: {key}\n");
        return 0;
    }

    private static string KeyOf(IReadOnlyList<string> arguments) => arguments is [var key] ? (key is ['/', ..] ? key[1..] : key) : "";
}
