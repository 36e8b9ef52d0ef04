using Conclave.Agent.Configuration;
using Conclave.Cli.Client;
using Microsoft.Extensions.Logging;

namespace Conclave.Cli.Commands.Agents;

/// <summary>The watches of the configuration: each asks the agent over its own HTTP API, as a client would, and calls its handler when the view changes.</summary>
internal sealed class AgentWatches(AgentConfig config, ILogger logger) : IAsyncDisposable
{
    /// <summary>How long the end of the agent waits for handlers that run.</summary>
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromMilliseconds(200);

    private readonly System.Threading.Lock _gate = new();                      // guards _end and _running
    private CancellationTokenSource _end = new();
    private List<Task> _running = [];

    /// <summary>Ends the watches that run and begins these.</summary>
    public void Restart(IReadOnlyList<WatchDefinition> definitions)
    {
        lock (_gate)
        {
            _end.Cancel();
            (_end, _running) = (new CancellationTokenSource(), []);
            if (definitions.Count == 0) return;
            if (config.HttpListeners is not [var listener, ..])
            {
                AgentLines.WatchRefused(logger, "watches", "they need the HTTP API, which is off");
                return;
            }
            foreach (var definition in definitions) Begin(definition, Address(listener));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            _end.Cancel();
            running = [.. _running];
        }
        await Task.WhenAny(Task.WhenAll(running), Task.Delay(EndTimeMax)).ConfigureAwait(false);
    }

    private void Begin(WatchDefinition definition, string address)
    {
        if (WatchLoop.Problem(definition) is { } problem)
        {
            AgentLines.WatchRefused(logger, definition.Type, problem);
            return;
        }
        var options = new ClientOptions { BaseUrl = address, SocketPath = address.StartsWith("unix://", StringComparison.Ordinal) ? address[7..] : "", Token = definition.Token };
        _running.Add(new WatchLoop(definition, options, logger).RunAsync(_end.Token));
    }

    private static string Address(ListenAddress listener)
    {
        if (listener.IsUnixSocket) return listener.ToString();
        return "http://" + (listener.Host is "0.0.0.0" or "::" ? listener with { Host = "127.0.0.1" } : listener);
    }
}
