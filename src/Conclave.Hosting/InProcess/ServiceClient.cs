using System.Runtime.CompilerServices;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Hosting.Agent;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>A service instance of this process.</summary>
public sealed record ServiceRegistration
{
    /// <summary>Name of the service.</summary>
    public required string Name { get; init; }

    /// <summary>Id, unique on this node; empty means the name.</summary>
    public string Id { get; init; } = "";

    /// <summary>Address clients connect to; empty means the node's.</summary>
    public string Address { get; init; } = "";

    /// <summary>Port, 0 when none.</summary>
    public int Port { get; init; }

    /// <summary>Tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Free metadata.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>Time within which the host must report the health anew, else it turns critical; zero (default) for no such limit.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>Health to begin with; changed by <see cref="ServiceClient.ReportAsync"/>.</summary>
    public string Status { get; init; } = HealthStatus.Passing;
}

/// <summary>Services with their health, in process: registering the own ones, finding those of others. Thread-safe.</summary>
/// <remarks>
/// Own services live in the node's local agent, which keeps the catalog true to them: an entry that somebody removes comes back, and what a former life of
/// this node left behind goes. Calls return when the catalog says so. They throw <see cref="NodeUnavailableException"/> when no leader can be reached in time,
/// and <see cref="ConclaveRequestException"/> when a request is wrong.
/// </remarks>
public sealed class ServiceClient
{
    // As good as never, and far from the ends of the clock.
    private static readonly TimeSpan NoTtl = TimeSpan.FromDays(36500);

    private readonly INodeGateway _gateway;
    private readonly AgentRuntime _agent;

    internal ServiceClient(INodeGateway gateway, AgentRuntime agent) => (_gateway, _agent) = (gateway, agent);

    /// <summary>Registers an instance on this node, with one check that shows the health the host reports.</summary>
    public async ValueTask RegisterAsync(ServiceRegistration registration, CancellationToken stop = default)
    {
        var definition = new ServiceDefinition
        {
            Id = registration.Id,
            Name = registration.Name,
            Address = registration.Address,
            Port = registration.Port,
            Tags = registration.Tags,
            Meta = registration.Meta,
            Checks = [new CheckDefinition { Ttl = registration.Ttl > TimeSpan.Zero ? registration.Ttl : NoTtl, Status = registration.Status }],
        };
        string id = registration.Id.Length == 0 ? registration.Name : registration.Id;
        await ReachLeaderAsync(stop).ConfigureAwait(false);
        Check(await _agent.RegisterServiceAsync(definition, replaceExistingChecks: true, stop).ConfigureAwait(false));
        Check(_agent.UpdateTtlCheck("service:" + id, registration.Status, ""));   // registering again alone would keep the old health
        await _agent.WhenSyncedAsync(id, stop).ConfigureAwait(false);
    }

    /// <summary>Reports the health of an instance of this node: passing, warning or critical, with a text for people. Starts its time limit anew, if it has one.</summary>
    public async ValueTask ReportAsync(string serviceId, string status, string output = "", CancellationToken stop = default)
    {
        if (status is not (HealthStatus.Passing or HealthStatus.Warning or HealthStatus.Critical)) throw new ArgumentException($"'{status}' is no health status; passing, warning and critical are.", nameof(status));
        Check(_agent.UpdateTtlCheck("service:" + serviceId, status, output));
        await _agent.WhenSyncedAsync(serviceId, stop).ConfigureAwait(false);
    }

    /// <summary>Removes an instance of this node and its checks; one that does not exist is fine.</summary>
    public async ValueTask DeregisterAsync(string serviceId, CancellationToken stop = default)
    {
        await ReachLeaderAsync(stop).ConfigureAwait(false);
        Check(await _agent.DeregisterServiceAsync(serviceId, stop).ConfigureAwait(false));
        await _agent.WhenSyncedAsync(serviceId, stop).ConfigureAwait(false);
    }

    /// <summary>Instances of a service with their checks, on all nodes.</summary>
    /// <param name="service">Name of the service.</param>
    /// <param name="passingOnly">Leave out instances with a check that is not passing.</param>
    /// <param name="tag">Only instances with this tag; null for all.</param>
    /// <param name="mode">How fresh.</param>
    /// <param name="stop">Gives up waiting for a leader.</param>
    public async ValueTask<IReadOnlyList<CheckServiceNode>> HealthAsync(string service, bool passingOnly = false, string? tag = null, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        return Read(root, service, passingOnly, tag, watches: null, out _);
    }

    /// <summary>Follows the instances of a service: first what there is, then the whole list after each change. Lists that follow each other faster than the reader reads are skipped.</summary>
    public async IAsyncEnumerable<IReadOnlyList<CheckServiceNode>> WatchAsync(string service, bool passingOnly = false, string? tag = null, [EnumeratorCancellation] CancellationToken stop = default)
    {
        var watches = new WatchSet();
        await _gateway.RootAsync(ReadMode.Default, stop).ConfigureAwait(false);
        try
        {
            ulong? seen = null;
            while (true)
            {
                watches.Clear();
                var instances = Read(_gateway.Root, service, passingOnly, tag, watches, out ulong index);
                if (seen != index) yield return instances;
                seen = index;

                var signal = new ChangeSignal();                       // a late call of an earlier arming must not end a later wait
                watches.Arm(signal);
                await signal.WaitAsync(stop).ConfigureAwait(false);
            }
        }
        finally
        {
            watches.Clear();
        }
    }

    private static List<CheckServiceNode> Read(StateRoot root, string service, bool passingOnly, string? tag, WatchSet? watches, out ulong index)
    {
        var instances = new List<CheckServiceNode>();
        index = root.CheckServiceNodes(service, tag is null ? null : [tag], null, connect: false, watches, instances);
        if (passingOnly) instances.RemoveAll(static instance => instance.Checks.Any(static check => check.Status != HealthStatus.Passing));
        return instances;
    }

    // Without a leader the caller hears of it in time, instead of waiting for the catalog for ever.
    private async ValueTask ReachLeaderAsync(CancellationToken stop) => await _gateway.RootAsync(ReadMode.Default, stop).ConfigureAwait(false);

    private static void Check(in AgentOutcome outcome)
    {
        if (!outcome.IsOk) throw new ConclaveRequestException(outcome.Text);
    }
}
