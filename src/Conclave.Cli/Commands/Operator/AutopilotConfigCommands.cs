using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;
using Conclave.Core;

namespace Conclave.Cli.Commands.Operator;

/// <summary><c>operator autopilot get-config</c>.</summary>
internal sealed class AutopilotGetConfigCommand : ClientCommand
{
    public override string Usage => "operator autopilot get-config [options]";

    public override string Summary => "Shows how autopilot looks after the servers.";

    protected override bool AsksServers => true;

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            using var json = (await client.GetAsync("/v1/operator/autopilot/configuration", null, stop).ConfigureAwait(false)).Json();
            var config = json.RootElement;
            io.Out.Write(string.Create(CultureInfo.InvariantCulture, $"""
                CleanupDeadServers = {Word(config.Truth("CleanupDeadServers"))}
                LastContactThreshold = {config.Text("LastContactThreshold")}
                MaxTrailingLogs = {config.Unsigned("MaxTrailingLogs")}
                MinQuorum = {config.Unsigned("MinQuorum")}
                ServerStabilizationTime = {config.Text("ServerStabilizationTime")}
                RedundancyZoneTag = {GoQuote.Quote(config.Text("RedundancyZoneTag"))}
                DisableUpgradeMigration = {Word(config.Truth("DisableUpgradeMigration"))}
                UpgradeVersionTag = {GoQuote.Quote(config.Text("UpgradeVersionTag"))}

                """));
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying Autopilot configuration: {error.Message}");
        }
    }

    private static string Word(bool value) => value ? "true" : "false";
}

/// <summary><c>operator autopilot set-config</c>.</summary>
internal sealed class AutopilotSetConfigCommand : ClientCommand
{
    private const string Path = "/v1/operator/autopilot/configuration";

    private readonly Dictionary<string, JsonNode> _changes = [];

    public override string Usage => "operator autopilot set-config [options]";

    public override string Summary => "Changes how autopilot looks after the servers; what is not named stays.";

    protected override bool AsksServers => true;

    protected override void DefineOwn(FlagSet flags)
    {
        Truth(flags, "cleanup-dead-servers", "CleanupDeadServers", "Remove dead servers when the others are enough.");
        Truth(flags, "disable-upgrade-migration", "DisableUpgradeMigration", "Accepted for compatibility; there is no migration.");
        flags.Duration("last-contact-threshold", value => _changes["LastContactThreshold"] = Duration(value), "A server that was silent for longer is not healthy.", "200ms");
        flags.Unsigned("max-trailing-logs", value => _changes["MaxTrailingLogs"] = value, "A server that lags by more entries is not healthy.", "value");
        flags.Unsigned("min-quorum", value => _changes["MinQuorum"] = value, "Never remove dead servers below this number of voters.", "value");
        flags.Text("redundancy-zone-tag", value => _changes["RedundancyZoneTag"] = value, "Accepted for compatibility; there are no zones.", "value");
        flags.Duration("server-stabilization-time", value => _changes["ServerStabilizationTime"] = Duration(value), "A new server gets its vote when it has been healthy for so long.", "10s");
        flags.Text("upgrade-version-tag", value => _changes["UpgradeVersionTag"] = value, "Accepted for compatibility; there is no migration.", "value");
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        string changed;
        ulong index;
        try
        {
            var answer = await client.GetAsync(Path, null, stop).ConfigureAwait(false);
            (changed, index) = Change(answer);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying Autopilot configuration: {error.Message}");
        }
        try
        {
            var query = new Query().Set("cas", index.ToString(CultureInfo.InvariantCulture));
            var answer = await client.PutAsync(Path, query, Encoding.UTF8.GetBytes(changed), stop).ConfigureAwait(false);
            if (answer.Text.Trim() != "true") return io.Fail("Configuration could not be atomically updated, please try again");
            io.Out.Write("Configuration updated!\n");
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error setting Autopilot configuration: {error.Message}");
        }
    }

    // The whole configuration goes back, and only over the one that was read: two operators do not undo each other's changes.
    private (string Body, ulong Index) Change(ApiAnswer answer)
    {
        using var json = answer.Json();
        var config = JsonNode.Parse(json.RootElement.GetRawText()) as JsonObject ?? throw new ApiException("the agent's answer is no configuration");
        foreach (var (name, value) in _changes) config[name] = value.DeepClone();
        return (config.ToJsonString(), json.RootElement.Unsigned("ModifyIndex"));
    }

    private void Truth(FlagSet flags, string name, string field, string help) =>
        flags.Add(new Flag(name, "true|false", help, true, value => _changes[field] = FlagSet.ParseBool(value)));

    private static string Duration(TimeSpan value) => new GoDuration(value.Ticks * (1_000_000 / TimeSpan.TicksPerMillisecond)).ToString();
}
