using System.Globalization;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Watch;

/// <summary><c>watch</c>: prints a view once, or starts a child with it each time it changes.</summary>
internal sealed class WatchCommand : ClientCommand
{
    /// <summary>Pause after the first failure; it grows with the square of the number of failures.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5), RetryPauseMax = TimeSpan.FromSeconds(180);

    private readonly List<string> _tags = [];
    private string _key = "", _name = "", _passing = "", _prefix = "", _service = "", _state = "", _type = "";
    private bool _shell = true;

    public override string Usage => "watch [options] [child...]";

    public override string Summary => "Watches a view of the cluster and runs a child when it changes; without a child prints it once.";

    protected override bool AsksServers => true;

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Text("key", value => _key = value, "Key, for type key.");
        flags.Text("name", value => _name = value, "Name, for type event.");
        flags.Add(new Flag("passingonly", "[true|false]", "Passing instances only, for type service.", true, value => _passing = FlagSet.ParseBool(value) ? "true" : "false"));
        flags.Text("prefix", value => _prefix = value, "Prefix, for type keyprefix.");
        flags.Text("service", value => _service = value, "Service, for types service and checks.");
        flags.Switch("shell", value => _shell = value, "Run the child through the shell.");
        flags.Text("state", value => _state = value, "State, for type checks.");
        flags.Several("tag", _tags, "Tag, for type service; may be repeated.");
        flags.Text("type", value => _type = value, "key, keyprefix, services, nodes, service, checks or event.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (_type.Length == 0) return Misuse(io, "Watch type must be specified");
        return WatchView.Problem(_type, _key, _prefix, _service, _state) is { } problem ? io.Fail(problem) : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var view = WatchView.Of(_type, _key, _prefix, _service, _state, _name, _tags, _passing);
        if (arguments.Count == 0) return await PrintOnceAsync(client, io, view, stop).ConfigureAwait(false);
        var plan = new WatchPlan(view);
        for (var failures = 0; !stop.IsCancellationRequested;)
            try
            {
                var answer = await plan.FetchAsync(client, isStale: false, stop).ConfigureAwait(false);
                failures = 0;
                if (plan.Take(answer) is { } news && await HandleAsync(io, arguments, news, answer.Index, stop).ConfigureAwait(false) is { } code) return code;
            }
            catch (ApiException error)
            {
                failures++;
                io.Error.Write($"{DateTime.Now:yyyy-MM-dd'T'HH:mm:ss.fff} [ERROR] consul.watch: Watch errored: type={_type} error=\"{error.Message}\"\n");
                await Task.Delay(TimeSpan.FromTicks(Math.Min(RetryPauseMax.Ticks, RetryPause.Ticks * failures * failures)), stop).ConfigureAwait(false);
            }
        return 0;
    }

    private static async Task<int> PrintOnceAsync(AgentClient client, CommandIo io, WatchView view, CancellationToken stop)
    {
        try
        {
            var answer = await new WatchPlan(view).FetchAsync(client, isStale: false, stop).ConfigureAwait(false);
            io.Out.Write(Shown(view, answer) + "\n");
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying agent: {error.Message}");
        }
    }

    private async Task<int?> HandleAsync(CommandIo io, IReadOnlyList<string> child, byte[] input, ulong index, CancellationToken stop)
    {
        var start = ChildProcess.Command(child, _shell);
        start.Environment["CONSUL_INDEX"] = index.ToString(CultureInfo.InvariantCulture);
        try
        {
            await ChildProcess.RunAsync(start, input, io, stop).ConfigureAwait(false);
            return null;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return io.Fail($"Error executing handler: {error.Message}");
        }
    }

    private static string Shown(WatchView view, ApiAnswer answer)
    {
        using var json = view.Parse(answer);
        return json is null ? "null" : GoJson.Indent(json.RootElement);
    }
}
