using System.Runtime.CompilerServices;
using Conclave.Core.Codec;
using Conclave.Core.Model;
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

    /// <summary>Health to begin with; changed by <see cref="ServiceClient.ReportAsync"/>.</summary>
    public string Status { get; init; } = HealthStatus.Passing;
}

/// <summary>Services with their health, in process: registering the own ones, finding those of others. Thread-safe.</summary>
/// <remarks>All calls throw <see cref="NodeUnavailableException"/> when no leader can be reached in time, and <see cref="ConclaveRequestException"/> when the cluster refuses.</remarks>
public sealed class ServiceClient
{
    private readonly INodeGateway _gateway;
    private readonly string _nodeAddress;

    internal ServiceClient(INodeGateway gateway, string nodeAddress) => (_gateway, _nodeAddress) = (gateway, nodeAddress);

    /// <summary>Registers an instance on this node, with one check that shows the health the host reports.</summary>
    public async ValueTask RegisterAsync(ServiceRegistration registration, CancellationToken stop = default)
    {
        string id = registration.Id.Length == 0 ? registration.Name : registration.Id;
        var service = new NodeService
        {
            Id = id,
            Service = registration.Name,
            Address = registration.Address,
            Port = registration.Port,
            Tags = registration.Tags,
            Meta = registration.Meta,
            Weights = ServiceWeights.Default,
        };
        await WriteAsync(service, CheckOf(id, registration.Name, registration.Status, ""), stop).ConfigureAwait(false);
    }

    /// <summary>Reports the health of an instance of this node: passing, warning or critical, with a text for people.</summary>
    public async ValueTask ReportAsync(string serviceId, string status, string output = "", CancellationToken stop = default)
    {
        if (status is not (HealthStatus.Passing or HealthStatus.Warning or HealthStatus.Critical)) throw new ArgumentException($"'{status}' is no health status; passing, warning and critical are.", nameof(status));
        await WriteAsync(service: null, CheckOf(serviceId, serviceId, status, output), stop).ConfigureAwait(false);
    }

    /// <summary>Removes an instance of this node and its checks; one that does not exist is fine.</summary>
    public async ValueTask DeregisterAsync(string serviceId, CancellationToken stop = default)
    {
        var request = new DeregisterRequest { Datacenter = _gateway.Identity.Datacenter, Node = _gateway.Identity.NodeName, ServiceId = serviceId };
        await _gateway.RunAsync(CommandCodec.Encode(request), stop).ConfigureAwait(false);
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

    private HealthCheck CheckOf(string serviceId, string name, string status, string output) => new()
    {
        Node = _gateway.Identity.NodeName,
        CheckId = "service:" + serviceId,
        Name = $"Service '{name}' check",
        Status = status,
        Output = output,
        ServiceId = serviceId,
        ServiceName = name,
    };

    private async ValueTask WriteAsync(NodeService? service, HealthCheck check, CancellationToken stop)
    {
        var request = new RegisterRequest
        {
            Datacenter = _gateway.Identity.Datacenter,
            Id = _gateway.Identity.NodeId,
            Node = _gateway.Identity.NodeName,
            Address = _nodeAddress,
            Service = service,
            Check = check,
            SkipNodeUpdate = true,
        };
        await _gateway.RunAsync(CommandCodec.Encode(request), stop).ConfigureAwait(false);
    }
}
