using System.Text.Json.Nodes;
using Conclave.Conformance.Player;

namespace Conclave.Conformance.Server;

/// <summary>A fresh server in one of the recorded modes, shared by the cases of one class, which are played one after another.</summary>
public abstract class ConformanceServer : IAsyncLifetime
{
    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(60);

    private AgentProcess? _agent;
    private CasePlayer? _player;

    internal abstract JsonObject Configuration { get; }

    internal virtual string[] Arguments => ["-dev"];

    internal virtual string? Token => null;

    internal AgentProcess Agent => _agent ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>What the agent wrote last, for failure messages.</summary>
    internal virtual string Output => _agent?.Output ?? "";

    internal RawHttpClient Client { get; private set; } = null!;

    /// <summary>Why the server cannot be played against, or null.</summary>
    internal string? Refusal { get; private set; }

    public virtual async ValueTask InitializeAsync()
    {
        try
        {
            _agent = await StartAsync(s_readyWithin);
            Client = new RawHttpClient(_agent.Http);
            var facts = await ServerFacts.ReadAsync(Client, Token, s_readyWithin, _agent.Ended);
            _player = new CasePlayer(Client, facts, Token);
        }
        catch (TimeoutException problem)
        {
            Refusal = problem.Message;
        }
    }

    /// <summary>Starts the agent that the cases are played against, and what stands around it.</summary>
    /// <param name="patience">Time for what has to be so before one agent can be chosen.</param>
    /// <exception cref="TimeoutException">It did not become so in time.</exception>
    private protected virtual Task<AgentProcess> StartAsync(TimeSpan patience) => Task.FromResult(AgentProcess.Start(Configuration, Arguments));

    internal async Task<string?> PlayAsync(ConformanceCase one, CancellationToken stop) =>
        _player is null ? Refusal : await _player.PlayAsync(one, stop);

    public virtual async ValueTask DisposeAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
