namespace Conclave.Agent.Configuration;

/// <summary>A watch from a configuration file: what to look at and what to start when it changes.</summary>
public sealed record WatchDefinition
{
    /// <summary>key, keyprefix, services, nodes, service, checks, event or connect_leaf, connect_roots, agent_service.</summary>
    public string Type { get; init; } = "";

    /// <summary>Datacenter; empty for the own one.</summary>
    public string Datacenter { get; init; } = "";

    /// <summary>Token of the queries. Secret.</summary>
    public string Token { get; init; } = "";

    /// <summary>Allow answers of any server.</summary>
    public bool Stale { get; init; }

    /// <summary>Parameters of the type: key, prefix, service, tag, passingonly, state, name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters { get; init; } =
        new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary><c>script</c> or <c>http</c>.</summary>
    public string HandlerType { get; init; } = "script";

    /// <summary>Command line for the shell; empty when <see cref="Args"/> is used.</summary>
    public string Handler { get; init; } = "";

    /// <summary>Program and arguments; empty when <see cref="Handler"/> is used.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Target of an HTTP handler; null for scripts.</summary>
    public WatchHttpHandler? HttpHandler { get; init; }

    /// <summary>Type only: the token is secret.</summary>
    public override string ToString() => $"watch {Type}";
}

/// <summary>Where a watch of handler type <c>http</c> sends its results.</summary>
public sealed record WatchHttpHandler
{
    /// <summary>URL.</summary>
    public string Path { get; init; } = "";

    /// <summary>Method.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>Time for the request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Headers.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Header { get; init; } =
        new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>Accept any certificate.</summary>
    public bool TlsSkipVerify { get; init; }
}
