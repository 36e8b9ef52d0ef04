using Conclave.Agent.Local;
using Conclave.Core.Model;

namespace Conclave.Agent.Sync;

/// <summary>One write to the catalog: exactly one of the requests is set.</summary>
public sealed class SyncOperation
{
    /// <summary>Registers the node, a service, checks or several of these.</summary>
    public RegisterRequest? Register { get; init; }

    /// <summary>Removes a service or a check.</summary>
    public DeregisterRequest? Deregister { get; init; }

    /// <summary>Text for the log when it was done: <c>Synced service: service=web</c>.</summary>
    public required string Done { get; init; }

    /// <summary>Null for the node itself.</summary>
    internal SyncUnit? Unit { get; init; }

    internal LocalService? Service { get; init; }

    internal List<(LocalCheck Check, long ChangeNumber)> Checks { get; init; } = [];
}

/// <summary>
/// What the catalog must learn about one service and its checks, or about the checks of the node (empty id). Writes of a unit follow each other, so that
/// the catalog never sees them out of order; different units go side by side. Exists only while something is to be done.
/// </summary>
internal sealed class SyncUnit(string serviceId)
{
    public string ServiceId { get; } = serviceId;

    public bool ServiceDirty { get; set; }

    public bool ServiceGone { get; set; }

    public List<LocalCheck> DirtyChecks { get; } = [];

    public List<string> GoneChecks { get; } = [];

    public bool IsQueued { get; set; }

    public bool IsInFlight { get; set; }

    public bool IsEmpty => !ServiceDirty && !ServiceGone && DirtyChecks.Count == 0 && GoneChecks.Count == 0;
}
