using Conclave.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EmbeddedHost;

/// <summary>Uses the node like any other service of the host: writes and reads, watches, becomes the leader of something, then ends the program.</summary>
internal sealed class Worker(IServiceProvider services, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ShowKeysAsync(services.GetRequiredService<KvClient>(), stoppingToken);
        await LeadAsync(services.GetRequiredService<ClusterNode>(), stoppingToken);
        await ShowServicesAsync(services.GetRequiredService<ServiceClient>(), stoppingToken);
        lifetime.StopApplication();
    }

    private static async Task ShowKeysAsync(KvClient kv, CancellationToken stop)
    {
        await kv.PutAsync("app/color", "blue", stop: stop);
        var color = await kv.GetAsync("app/color", stop: stop);
        Console.WriteLine($"app/color = {color.Text}");

        bool changed = await kv.CasAsync("app/color", "green"u8.ToArray(), color.ModifyIndex, stop: stop);
        Console.WriteLine($"changed: {changed}");

        await foreach (var change in kv.WatchAsync("app/", stop))
        {
            Console.WriteLine($"watched {change.KeyText} = {change.Value.Text}");
            break;
        }
    }

    private static async Task LeadAsync(ClusterNode node, CancellationToken stop)
    {
        string session = await node.Sessions.CreateAsync(new SessionOptions { Name = "leader of the sample", Ttl = TimeSpan.FromSeconds(15) }, stop);
        bool leads = await node.Kv.AcquireAsync("app/leader", "sample"u8.ToArray(), session, stop: stop);
        Console.WriteLine($"leads: {leads}");
        await node.Sessions.RenewAsync(session, stop);                 // at least every 15 s, for as long as it wants to lead
        await node.Kv.ReleaseAsync("app/leader", ReadOnlyMemory<byte>.Empty, session, stop: stop);
        await node.Sessions.DestroyAsync(session, stop);
    }

    private static async Task ShowServicesAsync(ServiceClient services, CancellationToken stop)
    {
        await services.RegisterAsync(new ServiceRegistration { Name = "web", Port = 8080, Tags = ["sample"] }, stop);
        foreach (var instance in await services.HealthAsync("web", passingOnly: true, stop: stop))
            Console.WriteLine($"web at {instance.Node.Address}:{instance.Service.Port}");
        await services.DeregisterAsync("web", stop);
    }
}
