using Conclave.Tests;
using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent.Tests;

public sealed class AntiEntropyTests
{
    private readonly AgentFixture _agent = new();

    [Fact]
    public void The_node_is_written_first_with_its_addresses_and_metadata()
    {
        var node = _agent.Catalog.Node!;
        Assert.Equal(["lan", "lan_ipv4", "wan", "wan_ipv4"], node.TaggedAddresses!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("", node.Meta!["consul-network-segment"]);
        Assert.Equal(["Synced node info"], _agent.Log);
        Assert.True(_agent.Core.IsInSync);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(128, 1)]
    [InlineData(129, 2)]
    [InlineData(256, 2)]
    [InlineData(1000, 4)]
    [InlineData(5000, 7)]
    public void The_more_agents_there_are_the_less_often_each_compares(int agents, int scale) => Assert.Equal(scale, Sync.AntiEntropy.ScaleOf(agents));

    [Fact]
    public void A_service_and_its_checks_are_one_write()
    {
        int before = _agent.Writes;
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl("a"), Ttl("b")] });
        Assert.Equal(before + 1, _agent.Writes);
        Assert.Equal(["a", "b"], _agent.Catalog.Checks.Keys);
        Assert.True(_agent.Core.IsInSync);
    }

    [Fact]
    public void A_restart_with_the_same_content_writes_nothing()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Port = 1, Checks = [Ttl("a")] });
        var restarted = new AgentFixture(connected: false);
        restarted.Catalog.Node = _agent.Catalog.Node;
        restarted.Catalog.Services["web"] = _agent.Catalog.Services["web"];
        restarted.Catalog.Checks["a"] = _agent.Catalog.Checks["a"];
        restarted.Register(new ServiceDefinition { Name = "web", Port = 1, Checks = [Ttl("a")] });
        Assert.Equal(0, restarted.Writes);
        Assert.True(restarted.Core.IsInSync);
    }

    [Fact]
    public void What_the_catalog_has_too_much_goes_but_the_servers_own_entries_stay()
    {
        _agent.Catalog.Services["stray"] = new() { Id = "stray", Service = "stray" };
        _agent.Catalog.Services["consul"] = new() { Id = "consul", Service = "consul" };
        _agent.Catalog.Checks["serfHealth"] = new() { CheckId = "serfHealth", Status = HealthStatus.Passing };
        _agent.Catalog.Checks["odd"] = new() { CheckId = "odd", Status = HealthStatus.Passing };
        _agent.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["consul"], _agent.Catalog.Services.Keys);
        Assert.Equal(["serfHealth"], _agent.Catalog.Checks.Keys);
    }

    [Fact]
    public void What_somebody_changed_or_removed_in_the_catalog_is_put_right()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Port = 1, Checks = [Ttl("a")] });
        _agent.Register(new ServiceDefinition { Name = "api", Port = 2 });
        _agent.Catalog.Services["web"] = _agent.Catalog.Services["web"] with { Port = 99 };
        _agent.Catalog.Services.Remove("api");
        _agent.Catalog.Checks.Remove("a");
        _agent.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((1, 2), (_agent.Catalog.Services["web"].Port, _agent.Catalog.Services["api"].Port));
        Assert.Equal(["a"], _agent.Catalog.Checks.Keys);
    }

    [Fact]
    public void A_check_whose_service_vanished_from_the_catalog_brings_it_back()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl("a")] });
        _agent.Catalog.Services.Clear();
        _agent.Catalog.Checks.Clear();
        _agent.Report("a", HealthStatus.Passing);
        _agent.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HealthStatus.Passing, _agent.Catalog.Checks["a"].Status);
        Assert.Contains("web", _agent.Catalog.Services.Keys);
    }

    [Fact]
    public void With_tag_override_the_catalogs_tags_win()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Tags = ["a"], EnableTagOverride = true });
        _agent.Catalog.Services["web"] = _agent.Catalog.Services["web"] with { Tags = ["changed"] };
        _agent.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["changed"], _agent.Catalog.Services["web"].Tags!);
        Assert.Equal(["changed"], _agent.Core.GetService("web")!.Service.Tags!);
    }

    [Fact]
    public void Failed_writes_are_tried_again_with_the_newest_state()
    {
        _agent.WriteError = "No cluster leader";
        _agent.Register(new ServiceDefinition { Name = "web", Port = 1, Checks = [Ttl("a")] });
        _agent.Register(new ServiceDefinition { Name = "web", Port = 2 });
        _agent.Report("a", HealthStatus.Passing);
        _agent.Advance(TimeSpan.FromMinutes(3));
        Assert.Empty(_agent.Catalog.Services);
        Assert.False(_agent.Core.IsInSync);
        Assert.InRange(_agent.Writes, 5, 60);
        _agent.WriteError = null;
        _agent.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(2, _agent.Catalog.Services["web"].Port);
        Assert.Equal(HealthStatus.Passing, _agent.Catalog.Checks["a"].Status);
    }

    [Fact]
    public void A_removal_that_failed_is_done_later_and_a_new_registration_overtakes_it()
    {
        _agent.Register(new ServiceDefinition { Name = "gone", Checks = [Ttl("g")] });
        _agent.Register(new ServiceDefinition { Name = "back", Checks = [Ttl("b")] });
        _agent.WriteError = "No cluster leader";
        foreach (string id in (string[])["gone", "back"]) _agent.Core.DeregisterService(id, _agent.Now);
        _agent.Settle();
        _agent.Register(new ServiceDefinition { Name = "back", Port = 5 });
        _agent.WriteError = null;
        _agent.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(["back"], _agent.Catalog.Services.Keys);
        Assert.Equal(5, _agent.Catalog.Services["back"].Port);
        Assert.Empty(_agent.Catalog.Checks);
    }

    [Fact]
    public void Writes_that_a_token_forbids_are_not_repeated_at_once()
    {
        _agent.WriteError = "rpc error making call: Permission denied";
        int before = _agent.Writes;
        _agent.Register(new ServiceDefinition { Name = "web" });
        _agent.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(before + 1, _agent.Writes);
    }

    [Fact]
    public void Output_alone_is_written_late_and_once()
    {
        _agent.Register(Ttl("a") with { Ttl = TimeSpan.FromHours(1) });
        _agent.Report("a", HealthStatus.Passing, "0");
        int before = _agent.Writes;
        for (int i = 1; i <= 60; i++)
        {
            _agent.Report("a", HealthStatus.Passing, i.ToString());
            _agent.Advance(TimeSpan.FromSeconds(2));
        }
        Assert.Equal(before, _agent.Writes);
        Assert.Equal("0", _agent.Catalog.Checks["a"].Output);
        _agent.Advance(TimeSpan.FromMinutes(8));
        Assert.Equal("60", _agent.Catalog.Checks["a"].Output);
        Assert.Equal(before + 1, _agent.Writes);
    }

    [Fact]
    public void A_status_change_takes_the_waiting_output_along()
    {
        _agent.Register(Ttl("a"));
        _agent.Report("a", HealthStatus.Critical, "still");
        int before = _agent.Writes;
        _agent.Report("a", HealthStatus.Warning, "better");
        Assert.Equal(("warning", "better"), (_agent.Catalog.Checks["a"].Status, _agent.Catalog.Checks["a"].Output));
        Assert.Equal(before + 1, _agent.Writes);
    }

    [Fact]
    public void Thousands_of_services_cost_one_write_each()
    {
        int before = _agent.Writes;
        for (int i = 0; i < 3000; i++)
            _agent.Register(new ServiceDefinition { Name = "s" + i, Checks = [Ttl($"s{i}-a"), Ttl($"s{i}-b")] });
        Assert.Equal(before + 3000, _agent.Writes);
        Assert.Equal((3000, 6000), (_agent.Catalog.Services.Count, _agent.Catalog.Checks.Count));
        Assert.True(_agent.Core.IsInSync);
    }

    [Fact]
    public void Any_history_converges()
    {
        Property.Check<byte[]>(steps =>
        {
            var agent = new AgentFixture();
            foreach (byte step in steps) Act(agent, step);
            agent.WriteError = null;
            agent.Advance(TimeSpan.FromMinutes(3));
            var services = new List<LocalServiceView>();
            agent.Core.ListServices(services);
            return agent.Core.IsInSync
                && services.Select(view => view.Service.Id).Order(StringComparer.Ordinal).SequenceEqual(agent.Catalog.Services.Keys)
                && agent.CheckIds().SequenceEqual(agent.Catalog.Checks.Keys)
                && services.All(view => agent.Catalog.Services[view.Service.Id].Port == view.Service.Port)
                && agent.Catalog.Checks.Values.All(check => check.Status == agent.Check(check.CheckId).Status);
        });
    }

    private static void Act(AgentFixture agent, byte step)
    {
        string name = "s" + (step >> 3) % 3;
        switch (step & 7)
        {
            case 0: agent.Register(new ServiceDefinition { Name = name, Port = step, Checks = [Ttl(name + "-a")] }); break;
            case 1: agent.Register(new ServiceDefinition { Name = name, Checks = [Ttl(name + "-a"), Ttl(name + "-b")] }, replace: step > 127); break;
            case 2: agent.Core.DeregisterService(name, agent.Now); agent.Settle(); break;
            case 3: agent.Core.UpdateTtlCheck(name + "-a", step > 127 ? HealthStatus.Passing : HealthStatus.Warning, "", agent.Now); break;
            case 4: agent.WriteError = step > 127 ? "No cluster leader" : null; break;
            case 5: agent.Advance(TimeSpan.FromSeconds(step)); break;
            case 6: agent.Core.DeregisterCheck(name + "-a", agent.Now); break;
            default: agent.Register(Ttl("node-" + name)); break;
        }
    }

    private static CheckDefinition Ttl(string id) => new() { Id = id, Name = id, Ttl = TimeSpan.FromMinutes(5) };
}
