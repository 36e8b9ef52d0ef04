using Conclave.Cli.Client;
using Conclave.Cli.Flags;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>monitor</c>: the agent's log, live.</summary>
internal sealed class MonitorCommand : ClientCommand
{
    private bool _json;
    private string _level = "INFO";

    public override string Usage => "monitor [options]";

    public override string Summary => "Prints the agent's log as it is written, until interrupted.";

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("log-json", value => _json = value, "Lines as JSON.");
        flags.Text("log-level", value => _level = value, "Finest level shown.");
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            var query = new Query().Set("loglevel", _level);
            if (_json) query.Set("logjson", "true");
            using var response = await client.OpenAsync(HttpMethod.Get, "/v1/agent/monitor", query, null, stop).ConfigureAwait(false);
            if ((int)response.StatusCode != 200)
                throw AgentClient.Unexpected(new ApiAnswer((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(stop).ConfigureAwait(false), 0));
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false));
            while (await reader.ReadLineAsync(stop).ConfigureAwait(false) is { } line) io.Out.Write(line + "\n");
        }
        catch (ApiException error)
        {
            return io.Fail($"Error starting monitor: {error.Message}");
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            return io.Fail("Remote side ended the monitor! This usually means that the\nremote side has exited or crashed.");
        }
        return 0;
    }
}
