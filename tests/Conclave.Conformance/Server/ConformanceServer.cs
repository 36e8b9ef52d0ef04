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

    internal RawHttpClient Client { get; private set; } = null!;

    /// <summary>Why the server cannot be played against, or null.</summary>
    internal string? Refusal { get; private set; }

    public virtual async ValueTask InitializeAsync()
    {
        _agent = AgentProcess.Start(Configuration, Arguments);
        Client = new RawHttpClient(_agent.Http);
        try
        {
            var facts = await ServerFacts.ReadAsync(Client, Token, s_readyWithin, _agent.Ended);
            _player = new CasePlayer(Client, facts, Token);
        }
        catch (TimeoutException problem)
        {
            Refusal = $"{problem.Message}\n{_agent.Output}";
        }
    }

    internal async Task<string?> PlayAsync(ConformanceCase one, CancellationToken stop) =>
        _player is null ? Refusal : await _player.PlayAsync(one, stop);

    public virtual async ValueTask DisposeAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
