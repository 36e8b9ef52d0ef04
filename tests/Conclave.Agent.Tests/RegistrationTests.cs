using Conclave.Agent.Configuration;
using Conclave.Core.Model;

namespace Conclave.Agent.Tests;

public sealed class RegistrationTests
{
    private readonly AgentFixture _agent = new();

    [Fact]
    public void Id_weights_and_addresses_get_their_defaults()
    {
        Assert.True(_agent.Register(new ServiceDefinition { Name = "web", Address = "10.1.1.1", Port = 80 }).IsOk);
        var service = _agent.Core.GetService("web")!.Service;
        Assert.Equal(ServiceWeights.Default, service.Weights);
        Assert.Equal(new("10.1.1.1", 80), service.TaggedAddresses!["lan_ipv4"]);
        Assert.Equal(new("10.1.1.1", 80), service.TaggedAddresses["wan_ipv4"]);
        Assert.Empty(service.Tags!);
    }

    [Fact]
    public void Host_names_get_no_tagged_addresses()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Address = "web.internal", Port = 80 });
        Assert.Null(_agent.Core.GetService("web")!.Service.TaggedAddresses);
    }

    [Fact]
    public void One_check_is_named_after_the_service_and_several_are_numbered()
    {
        _agent.Register(new ServiceDefinition { Name = "one", Checks = [Ttl(30)] });
        _agent.Register(new ServiceDefinition { Name = "two", Checks = [Ttl(30), Ttl(40)] });
        Assert.Equal(["service:one", "service:two:1", "service:two:2"], _agent.CheckIds());
        Assert.Equal("Service 'one' check", _agent.Check("service:one").Name);
    }

    [Theory]
    [InlineData("", "", "Missing service name")]
    [InlineData("web", "0.0.0.0", "Invalid service address")]
    [InlineData("web", "::", "Invalid service address")]
    public void Wrong_names_and_addresses_are_refused(string name, string address, string text)
    {
        Assert.Equal(AgentOutcome.BadRequest(text), _agent.Register(new ServiceDefinition { Name = name, Address = address }));
        Assert.Null(_agent.Core.GetService("web"));
    }

    [Fact]
    public void A_wrong_check_refuses_the_whole_service()
    {
        var outcome = _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(10), new CheckDefinition { Http = "http://127.0.0.1:1/" }] });
        Assert.Equal(AgentOutcome.BadRequest("Invalid check: Interval must be > 0 for Script, HTTP, H2PING, or TCP checks"), outcome);
        Assert.Null(_agent.Core.GetService("web"));
        Assert.Empty(_agent.CheckIds());
    }

    [Fact]
    public void Scripts_from_outside_are_refused_unless_enabled()
    {
        var service = new ServiceDefinition { Name = "web", Checks = [new CheckDefinition { ScriptArgs = ["true"], Interval = TimeSpan.FromSeconds(10) }] };
        Assert.Equal("Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true", _agent.Register(service).Text);
        Assert.True(new AgentFixture(options => options with { EnableScriptChecks = true }).Register(service).IsOk);
    }

    [Fact]
    public void Registering_again_keeps_other_checks_and_the_state_of_the_same_check()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(30) with { Id = "a" }] });
        _agent.Report("a", HealthStatus.Passing, "fine");
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(30) with { Id = "b" }] });
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(30) with { Id = "a" }] });
        Assert.Equal(["a", "b"], _agent.CheckIds());
        Assert.Equal((HealthStatus.Passing, "fine"), (_agent.Check("a").Status, _agent.Check("a").Output));
    }

    [Fact]
    public void Replacing_removes_checks_that_are_not_named_again()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(30) with { Id = "a" }] });
        _agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(30) with { Id = "b" }] }, replace: true);
        Assert.Equal(["b"], _agent.CheckIds());
        Assert.Equal(["b"], _agent.Catalog.Checks.Keys);
    }

    [Fact]
    public void A_sidecar_comes_and_goes_with_its_service()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Port = 8080, Sidecar = new() });
        var sidecar = _agent.Core.GetService("web-sidecar-proxy")!.Service;
        Assert.Equal(("connect-proxy", 21000), (sidecar.Kind, sidecar.Port));
        Assert.Equal(["service:web-sidecar-proxy:1", "service:web-sidecar-proxy:2"], _agent.CheckIds());
        _agent.Core.DeregisterService("web", _agent.Now);
        _agent.Settle();
        Assert.Null(_agent.Core.GetService("web-sidecar-proxy"));
        Assert.Empty(_agent.Catalog.Services);
    }

    [Fact]
    public void Maintenance_keeps_its_first_reason_and_can_be_switched_off_twice()
    {
        _agent.Register(new ServiceDefinition { Name = "web" });
        _agent.Core.SetServiceMaintenance("web", enable: true, "broken disk", _agent.Now);
        _agent.Core.SetServiceMaintenance("web", enable: true, "again", _agent.Now);
        var check = _agent.Check("_service_maintenance:web");
        Assert.Equal(("broken disk", HealthStatus.Critical, "maintenance", "web"), (check.Notes, check.Status, check.Type, check.ServiceName));
        Assert.True(_agent.Core.SetServiceMaintenance("web", enable: false, "", _agent.Now).IsOk);
        Assert.True(_agent.Core.SetServiceMaintenance("web", enable: false, "", _agent.Now).IsOk);
        Assert.Empty(_agent.CheckIds());
        Assert.Equal(AgentOutcomeKind.NotFound, _agent.Core.SetServiceMaintenance("none", enable: true, "", _agent.Now).Kind);
    }

    [Fact]
    public void Content_hash_changes_exactly_with_the_content()
    {
        string Hash(ServiceDefinition service)
        {
            _agent.Register(service);
            return _agent.Core.GetService("web")!.ContentHash;
        }
        var first = new ServiceDefinition { Name = "web", Port = 1, Tags = ["a", "b"] };
        string hash = Hash(first);
        Assert.Matches("^[0-9a-f]+$", hash);
        Assert.Equal(hash, Hash(first));
        Assert.NotEqual(hash, Hash(first with { Port = 2 }));
        Assert.NotEqual(hash, Hash(first with { Tags = ["ab"] }));
        Assert.Equal(hash, Hash(first));
    }

    [Fact]
    public void A_watch_is_told_once_when_the_content_changes_or_the_service_goes()
    {
        _agent.Register(new ServiceDefinition { Name = "web", Port = 1 });
        var waiter = new CountingWaiter();
        string hash = _agent.Core.GetService("web")!.ContentHash;
        Assert.False(_agent.Core.Watch("web", "other", waiter));
        Assert.True(_agent.Core.Watch("web", hash, waiter));
        _agent.Register(new ServiceDefinition { Name = "web", Port = 1 });
        Assert.Equal(0, waiter.Calls);
        _agent.Register(new ServiceDefinition { Name = "web", Port = 2 });
        _agent.Register(new ServiceDefinition { Name = "web", Port = 3 });
        Assert.Equal(1, waiter.Calls);
        Assert.True(_agent.Core.Watch("web", _agent.Core.GetService("web")!.ContentHash, waiter));
        _agent.Core.DeregisterService("web", _agent.Now);
        Assert.Equal(2, waiter.Calls);
    }

    [Fact]
    public void Configuration_wins_over_what_was_kept_and_its_entries_go_with_the_file()
    {
        var agent = new AgentFixture(options => options with { Persist = true });
        Assert.Empty(agent.Core.Configure([new ServiceDefinition { Name = "web", Port = 1, Checks = [Ttl(30)] }], [Ttl(30) with { Name = "node" }], agent.Now));
        Assert.False(agent.Core.RestoreService(new NodeService { Id = "web", Service = "web", Port = 9 }, ""));
        Assert.True(agent.Core.RestoreService(new NodeService { Id = "api", Service = "api" }, ""));
        Assert.False(agent.Core.RestoreCheck(new HealthCheck { CheckId = "node", Name = "node" }, Ttl(30), null, "", agent.Now));
        agent.Settle();
        Assert.Equal(1, agent.Core.GetService("web")!.Service.Port);
        agent.Core.Configure([], [], agent.Now);
        agent.Settle();
        Assert.Null(agent.Core.GetService("web"));
        Assert.Empty(agent.CheckIds());
        Assert.NotNull(agent.Core.GetService("api"));
    }

    [Fact]
    public void Registrations_from_outside_are_kept_and_forgotten_those_from_files_are_not()
    {
        var agent = new AgentFixture(options => options with { Persist = true });
        agent.Register(new ServiceDefinition { Name = "web", Checks = [Ttl(30)] });
        agent.Core.Configure([new ServiceDefinition { Name = "conf" }], [], agent.Now);
        agent.Core.DeregisterService("web", agent.Now);
        agent.Settle();
        Assert.Equal([typeof(SaveService), typeof(SaveCheck), typeof(ForgetCheck), typeof(ForgetService)], agent.Seen.Select(effect => effect.GetType()));
    }

    private static CheckDefinition Ttl(int seconds) => new() { Ttl = TimeSpan.FromSeconds(seconds) };

    private sealed class CountingWaiter : IServiceWaiter
    {
        public int Calls { get; private set; }

        public void OnServiceChanged() => Calls++;
    }
}
