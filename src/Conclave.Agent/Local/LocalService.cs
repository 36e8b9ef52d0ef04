using Conclave.Core.Model;

namespace Conclave.Agent.Local;

/// <summary>Where a registration came from.</summary>
internal enum Origin : byte
{
    /// <summary>HTTP or the in-process interface: persisted, may be replaced by configuration.</summary>
    Remote,
    /// <summary>Configuration files: not persisted, gone when the file no longer names it.</summary>
    Config,
    /// <summary>Read back from the data folder at start.</summary>
    Restored,
}

/// <summary>A service of this agent. Mutable; touched only by the owner of the core.</summary>
internal sealed class LocalService(NodeService service, string contentHash, string token, Origin origin)
{
    private LocalServiceView? _view;

    public NodeService Service { get; } = service;

    public string ContentHash { get; } = contentHash;

    public string Token { get; } = token;

    public Origin Origin { get; } = origin;

    public string Id => Service.Id;

    /// <summary>The service's checks, including its maintenance check. Short: a handful.</summary>
    public List<LocalCheck> Checks { get; init; } = [];

    public LocalServiceView View => _view ??= new(Service, ContentHash);
}
