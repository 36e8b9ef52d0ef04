using System.Net;
using Conclave.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Conclave.Tests;

public sealed class AddConclaveTests
{
    [Fact]
    public async Task A_node_lives_as_long_as_its_host_and_is_injected()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddConclave(options => options.NodeName = "hosted");
        using var host = builder.Build();
        await host.StartAsync(stop.Token);

        await host.Services.GetRequiredService<KvClient>().PutAsync("k", "v", stop: stop.Token);
        var node = host.Services.GetRequiredService<ClusterNode>();
        Assert.Equal("v", (await node.Kv.GetAsync("k", stop: stop.Token)).Text);
        Assert.Same(node.Sessions, host.Services.GetRequiredService<SessionClient>());
        Assert.Empty(node.HttpAddresses);

        await host.StopAsync(stop.Token);
        await node.Stopped.WaitAsync(stop.Token);
        Assert.False(node.Status.IsLeader);
    }

    [Fact]
    public async Task The_http_api_is_an_option()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddConclave(options => options.NodeName = "hosted").AddHttpApi(IPAddress.Loopback, 0);
        using var host = builder.Build();
        await host.StartAsync(stop.Token);
        var node = host.Services.GetRequiredService<ClusterNode>();
        await node.Kv.PutAsync("k", "v", stop: stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri(Assert.Single(node.HttpAddresses)) };

        Assert.Equal("v", await client.GetStringAsync("/v1/kv/k?raw", stop.Token));
        Assert.Contains("hosted", await client.GetStringAsync("/v1/agent/self", stop.Token));
        using var leave = await client.PutAsync("/v1/agent/leave", content: null, stop.Token);
        Assert.Equal(HttpStatusCode.InternalServerError, leave.StatusCode);
        Assert.Equal("an embedded node is stopped by its host", await leave.Content.ReadAsStringAsync(stop.Token));

        await host.StopAsync(stop.Token);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/v1/kv/k?raw", stop.Token));
    }

    [Fact]
    public async Task Wrong_options_stop_the_start_with_all_their_names()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddConclave(options => (options.NodeName, options.Datacenter) = ("", "Not Valid"));
        using var host = builder.Build();

        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => host.StartAsync());

        Assert.Contains("NodeName", refusal.Message);
        Assert.Contains("Datacenter", refusal.Message);
    }

    [Fact]
    public void A_node_that_has_not_started_is_not_given_out()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddConclave();
        using var host = builder.Build();

        Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<ClusterNode>());
    }
}
