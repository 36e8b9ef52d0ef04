using System.Text;
using System.Text.Json;
using Conclave.Agent.Pools;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>keyring</c>: the keys that gossip is encrypted with.</summary>
internal sealed class KeyringCommand : ClientCommand
{
    private bool _list, _listPrimary, _localOnly;
    private string _install = "", _use = "", _remove = "";
    private int _relayFactor;

    public override string Usage => "keyring [options]";

    public override string Summary => "Lists, installs, changes and removes the keys that gossip is encrypted with.";

    private bool IsList => _list || _listPrimary;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Text("install", value => _install = value, "Install this key on all members; they go on encrypting with the one in use.");
        flags.Switch("list", value => _list = value, "List all keys and how many members have each.");
        flags.Switch("list-primary", value => _listPrimary = value, "List the keys in use and how many members encrypt with each.");
        flags.Switch("local-only", value => _localOnly = value, "Ask this datacenter's pools only; for lists.");
        flags.Integer("relay-factor", value => _relayFactor = value, "Send each answer through so many other members as well, 0 to 5.");
        flags.Text("remove", value => _remove = value, "Remove this key, which must not be in use.");
        flags.Text("use", value => _use = value, "Encrypt with this key, which must be installed.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        int actions = (IsList ? 1 : 0) + (_install.Length > 0 ? 1 : 0) + (_use.Length > 0 ? 1 : 0) + (_remove.Length > 0 ? 1 : 0);
        if (actions == 0) return Misuse(io, "");
        if (actions > 1) return io.Fail("Only a single action is allowed");
        if (_relayFactor is < 0 or > KeyringRequest.RelayFactorMax) return io.Fail($"Error parsing relay factor: Relay factor must be in range: [0, {KeyringRequest.RelayFactorMax}]");
        return _localOnly && !IsList ? io.Fail("Error validating local-only: local-only can only be set for list requests") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var query = new Query();
        if (_relayFactor > 0) query.Set("relay-factor", $"{_relayFactor}");
        if (_localOnly) query.Set("local-only", "true");
        try
        {
            await (IsList ? ListAsync(client, io, query, stop) : ChangeAsync(client, io, query, stop)).ConfigureAwait(false);
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"error: {error.Message}");
        }
    }

    private async Task ListAsync(AgentClient client, CommandIo io, Query query, CancellationToken stop)
    {
        io.Out.Write($"==> Gathering installed {(_listPrimary ? "primary " : "")}encryption keys...\n");
        using var json = (await client.GetAsync("/v1/operator/keyring", query, stop).ConfigureAwait(false)).Json();
        foreach (var pool in json.RootElement.Items()) io.Out.Write(Shown(pool));
    }

    private async Task ChangeAsync(AgentClient client, CommandIo io, Query query, CancellationToken stop)
    {
        var (announcement, method, key) =
            _install.Length > 0 ? ("Installing new gossip encryption key...", HttpMethod.Post, _install)
            : _use.Length > 0 ? ("Changing primary gossip encryption key...", HttpMethod.Put, _use)
            : ("Removing gossip encryption key...", HttpMethod.Delete, _remove);
        io.Out.Write($"==> {announcement}\n");
        var body = Encoding.UTF8.GetBytes($"{{\"Key\":\"{JsonEncodedText.Encode(key)}\"}}");
        await client.RequireAsync(method, "/v1/operator/keyring", query, body, stop).ConfigureAwait(false);
    }

    private string Shown(JsonElement pool)
    {
        bool isWan = pool.Truth("WAN");
        var text = new StringBuilder("\n").Append(isWan ? "WAN" : pool.Text("Datacenter") + " (LAN)");
        if (pool.Text("Segment") is { Length: > 0 } segment) text.Append($" [{segment}]");
        text.Append(":\n");
        foreach (var (member, message) in pool.TextMap("Messages")) text.Append($"  ===> {member}: {message}\n");
        if (pool.Field(_listPrimary ? "PrimaryKeys" : "Keys") is { ValueKind: JsonValueKind.Object } keys)
            foreach (var key in keys.EnumerateObject()) text.Append($"  {key.Name} [{key.Value.GetRawText()}/{pool.Number("NumNodes")}]\n");
        return text.ToString();
    }
}
