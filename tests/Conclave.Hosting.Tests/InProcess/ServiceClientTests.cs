using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;
using Conclave.Hosting;

namespace Conclave.Tests;

public sealed class ServiceClientTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private ClusterNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo" }, _stop.Token);
        await _node.WaitUntilReadyAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_registered_service_is_found_while_it_is_healthy()
    {
        await _node.Services.RegisterAsync(new ServiceRegistration { Name = "web", Id = "web-1", Address = "10.0.0.1", Port = 80, Tags = ["blue"] }, _stop.Token);

        var found = Assert.Single(await _node.Services.HealthAsync("web", passingOnly: true, tag: "blue", stop: _stop.Token));
        Assert.Equal(("solo", "web-1", 80), (found.Node.Name, found.Service.Id, found.Service.Port));
        Assert.Empty(await _node.Services.HealthAsync("web", tag: "green", stop: _stop.Token));

        await _node.Services.ReportAsync("web-1", HealthStatus.Critical, "out of coffee", _stop.Token);
        Assert.Empty(await _node.Services.HealthAsync("web", passingOnly: true, stop: _stop.Token));
        Assert.Contains((await _node.Services.HealthAsync("web", stop: _stop.Token))[0].Checks, check => check.Output == "out of coffee");

        await _node.Services.DeregisterAsync("web-1", _stop.Token);
        Assert.Empty(await _node.Services.HealthAsync("web", stop: _stop.Token));
    }

    [Fact]
    public async Task A_watch_sees_each_state_of_a_service()
    {
        await using var states = _node.Services.WatchAsync("web", stop: _stop.Token).GetAsyncEnumerator(_stop.Token);
        Assert.True(await states.MoveNextAsync());
        Assert.Empty(states.Current);

        var next = states.MoveNextAsync();
        await _node.Services.RegisterAsync(new ServiceRegistration { Name = "web", Port = 80 }, _stop.Token);
        Assert.True(await next);
        Assert.Equal(80, Assert.Single(states.Current).Service.Port);
    }

    [Fact]
    public async Task Registering_again_sets_the_health_anew()
    {
        await _node.Services.RegisterAsync(new ServiceRegistration { Name = "web", Status = HealthStatus.Critical }, _stop.Token);
        await _node.Services.RegisterAsync(new ServiceRegistration { Name = "web", Status = HealthStatus.Passing }, _stop.Token);
        Assert.Single(await _node.Services.HealthAsync("web", passingOnly: true, stop: _stop.Token));
    }

    [Fact]
    public async Task The_local_agent_offers_every_kind_of_check()
    {
        await _node.Agent.RegisterCheckAsync(new CheckDefinition { Name = "disk", Ttl = TimeSpan.FromMinutes(1), Status = HealthStatus.Passing }, _stop.Token);
        await _node.Services.RegisterAsync(new ServiceRegistration { Name = "web" }, _stop.Token);
        while (!(await _node.Catalog.NodeChecksAsync("solo", stop: _stop.Token)).Any(check => check is { CheckId: "disk", Status: HealthStatus.Passing })) await Task.Delay(1, _stop.Token);
        Assert.Equal(AgentOutcomeKind.Failed, _node.Agent.UpdateTtlCheck("none", HealthStatus.Passing, "").Kind);
    }

    [Fact]
    public async Task The_catalog_shows_nodes_services_and_checks()
    {
        await _node.Catalog.RegisterAsync(new RegisterRequest { Node = "db", Address = "10.0.0.9", Service = new NodeService { Service = "postgres", Port = 5432 } }, _stop.Token);

        Assert.Equal(["db", "solo"], (await _node.Catalog.NodesAsync(stop: _stop.Token)).Select(node => node.Name).Order());
        Assert.Equal(["consul", "postgres"], (await _node.Catalog.ServicesAsync(stop: _stop.Token)).Keys);
        Assert.Equal("postgres", Assert.Single((await _node.Catalog.NodeServicesAsync("db", stop: _stop.Token))!).Id);
        Assert.Null(await _node.Catalog.NodeServicesAsync("nobody", stop: _stop.Token));
        Assert.Equal("serfHealth", Assert.Single(await _node.Catalog.NodeChecksAsync("solo", stop: _stop.Token)).CheckId);

        await _node.Catalog.DeregisterAsync(new DeregisterRequest { Node = "db" }, _stop.Token);
        Assert.Single(await _node.Catalog.NodesAsync(stop: _stop.Token));
    }

    [Fact]
    public async Task A_status_that_does_not_exist_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await _node.Services.ReportAsync("web", "splendid", stop: _stop.Token));
}
