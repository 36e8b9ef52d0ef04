using System.ComponentModel;
using System.Globalization;
using System.Net.Http.Headers;
using Conclave.Agent.Configuration;
using Conclave.Cli.Client;
using Conclave.Cli.Commands.Watch;
using Conclave.Cli.Text;
using Microsoft.Extensions.Logging;

namespace Conclave.Cli.Commands.Agents;

/// <summary>One watch of the configuration: blocking query, handler, again; failures are logged and tried again after a growing pause.</summary>
internal sealed class WatchLoop(WatchDefinition definition, ClientOptions options, ILogger logger)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5), RetryPauseMax = TimeSpan.FromSeconds(180);

    /// <summary>What is wrong with a definition, or null.</summary>
    public static string? Problem(WatchDefinition definition)
    {
        if (definition is { Args.Count: 0, Handler.Length: 0, HttpHandler.Path: null or "" }) return "Must specify a handler";
        return WatchView.Problem(definition.Type, Value(definition, "key"), Value(definition, "prefix"), Value(definition, "service"), Value(definition, "state"));
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var flags = new HttpFlags { Datacenter = definition.Datacenter };
        using var client = new AgentClient(options, flags);
        var view = WatchView.Of(definition.Type, Value(definition, "key"), Value(definition, "prefix"), Value(definition, "service"), Value(definition, "state"),
            Value(definition, "name"), definition.Parameters.GetValueOrDefault("tag") ?? [], Value(definition, "passingonly"));
        var plan = new WatchPlan(view);
        var failures = 0;
        while (!stop.IsCancellationRequested)
            try
            {
                await StepAsync(client, plan, stop).ConfigureAwait(false);
                failures = 0;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception error) when (error is ApiException or HttpRequestException or Win32Exception or IOException)
            {
                AgentLines.WatchFailed(logger, definition.Type, error.Message);
                failures++;
                var pause = Task.Delay(TimeSpan.FromTicks(Math.Min(RetryPauseMax.Ticks, RetryPause.Ticks * failures * failures)), stop);
                await Task.WhenAny(pause).ConfigureAwait(false);
            }
    }

    private async Task StepAsync(AgentClient client, WatchPlan plan, CancellationToken stop)
    {
        var answer = await plan.FetchAsync(client, definition.Stale, stop).ConfigureAwait(false);
        if (plan.Take(answer) is { } news) await HandleAsync(news, answer.Index, stop).ConfigureAwait(false);
    }

    private Task HandleAsync(byte[] body, ulong index, CancellationToken stop) =>
        definition.HttpHandler is { Path.Length: > 0 } target ? PostAsync(target, body, index, stop) : StartAsync(body, index, stop);

    private async Task StartAsync(byte[] body, ulong index, CancellationToken stop)
    {
        var start = definition.Args.Count > 0 ? ChildProcess.Command(definition.Args, shell: false) : ChildProcess.Command([definition.Handler], shell: true);
        start.Environment["CONSUL_INDEX"] = index.ToString(CultureInfo.InvariantCulture);
        var silent = new CommandIo { OpenInput = () => Stream.Null, Out = TextWriter.Null, Error = TextWriter.Null, Variable = static _ => null };
        var exit = await ChildProcess.RunAsync(start, body, silent, stop).ConfigureAwait(false);
        if (exit != 0) AgentLines.WatchFailed(logger, definition.Type, $"handler: exit status {exit}");
    }

    private static async Task PostAsync(WatchHttpHandler target, byte[] body, ulong index, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        if (target.TlsSkipVerify) handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        using var http = new HttpClient(handler) { Timeout = target.Timeout > TimeSpan.Zero ? target.Timeout : TimeSpan.FromSeconds(10) };
        using var request = new HttpRequestMessage(new HttpMethod(target.Method), target.Path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("X-Consul-Index", index.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, values) in target.Header) request.Headers.TryAddWithoutValidation(name, values);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode) throw new ApiException($"handler: HTTP status {(int)answer.StatusCode}");
    }

    private static string Value(WatchDefinition definition, string name) => definition.Parameters.GetValueOrDefault(name) is [var value, ..] ? value : "";
}
