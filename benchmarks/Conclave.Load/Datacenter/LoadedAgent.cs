using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Hosting;
using Conclave.Hosting.Logging;

namespace Conclave.Load.Datacenter;

/// <summary>One client agent in this process with its services, and whoever keeps their TTL checks alive.</summary>
internal sealed class LoadedAgent : IAsyncDisposable
{
    /// <summary>Two of the three checks of a service are kept alive by heartbeats; the third has all the time in the world, and may flap.</summary>
    public const int ChecksPerService = 3, BeatingPerService = 2;

    private static readonly TimeSpan s_ttl = TimeSpan.FromSeconds(15), s_never = TimeSpan.FromDays(1);

    private readonly AgentHost _host;
    private readonly int _number, _services;
    private readonly string[] _beating;

    private LoadedAgent(AgentHost host, int number, int services)
    {
        (_host, _number, _services) = (host, number, services);
        _beating = [.. from service in Enumerable.Range(0, services) from check in Enumerable.Range(0, BeatingPerService) select CheckId(service, check)];
    }

    /// <summary>Where its HTTP listens, as <c>http://ip:port</c>.</summary>
    public string Http => _host.HttpAddresses[0];

    public static async Task<LoadedAgent> StartAsync(int number, int services, string folder, IReadOnlyList<string> join, (int Http, int Serf) ports, AgentLog log)
    {
        var config = new AgentConfig
        {
            NodeName = $"agent-{number:00}",
            DataDir = Path.Combine(folder, $"agent-{number:00}"),
            BindAddress = "127.0.0.1",
            Limits = new LimitsConfig { HttpMaxConnsPerClient = 0 },       // all watchers come from one address
            Join = new JoinConfig { RetryJoin = join, RetryInterval = TimeSpan.FromSeconds(1) },
            Ports = new PortConfig { Http = ports.Http, Server = -1, SerfLan = ports.Serf, SerfWan = -1, Dns = -1, Grpc = -1 },
        };
        return new LoadedAgent(await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = log }, CancellationToken.None), number, services);
    }

    /// <summary>Name of a service: no other agent has it.</summary>
    public string ServiceName(int service) => $"svc-{_number:00}-{service:000}";

    public async Task RegisterAsync()
    {
        for (int service = 0; service < _services; service++)
        {
            var checks = new CheckDefinition[ChecksPerService];
            for (int check = 0; check < checks.Length; check++)
                checks[check] = new CheckDefinition { Id = CheckId(service, check), Name = $"check {check}", Ttl = check < BeatingPerService ? s_ttl : s_never, Status = HealthStatus.Passing };
            var outcome = await _host.Local.RegisterServiceAsync(new ServiceDefinition { Name = ServiceName(service), Port = 1024 + service, Checks = checks }, replaceExistingChecks: true, CancellationToken.None);
            if (outcome.Kind != AgentOutcomeKind.Ok) throw new InvalidOperationException(outcome.Text);
        }
    }

    /// <summary>One heartbeat for every check that needs one. Costs no waiting.</summary>
    public void Beat()
    {
        foreach (string check in _beating) _host.Local.UpdateTtlCheck(check, HealthStatus.Passing, "");
    }

    /// <summary>Turns a service's third check over.</summary>
    public void Flap(int service, bool passing) => _host.Local.UpdateTtlCheck(CheckId(service, BeatingPerService), passing ? HealthStatus.Passing : HealthStatus.Critical, passing ? "up" : "down");

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private string CheckId(int service, int check) => $"{ServiceName(service)}-{check}";
}
