using Conclave.Agent.Configuration;
using Conclave.Hosting;
using Conclave.Hosting.Logging;

namespace Conclave.Cli.Tests;

/// <summary>A -dev agent in this process, with a leader; shared by the tests of a class.</summary>
public sealed class LiveAgent : IAsyncLifetime
{
    private AgentLog _log = null!;
    private AgentHost _host = null!;

    public string Address { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var ports = Conclave.Tests.FreePorts.Take(4);
        var config = AgentConfig.Dev with
        {
            NodeName = "c4",
            Ports = new PortConfig { Http = ports[0], Dns = -1, Server = ports[1], SerfLan = ports[2], SerfWan = ports[3] },
            Log = new LogConfig { Level = LogLevels.Warn },
        };
        _log = new AgentLog(config.Log, null, TimeProvider.System);
        _host = await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log, ReadConfig = () => config }, TestContext.Current.CancellationToken);
        Address = $"127.0.0.1:{ports[0]}";
        using var client = new HttpClient { BaseAddress = new Uri("http://" + Address) };
        while ((await client.GetStringAsync("/v1/catalog/services")).Contains("consul", StringComparison.Ordinal) is false) await Task.Yield();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _log.Dispose();
    }
}
