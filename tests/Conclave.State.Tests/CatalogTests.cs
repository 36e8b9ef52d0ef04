using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

/// <summary>Catalog commands and the indexes of catalog and health queries, as recorded from the peers.</summary>
public sealed class CatalogTests
{
    private readonly StateFixture _state = new();

    [Fact]
    public void An_unchanged_registration_moves_no_index()
    {
        _state.Service("n", "web", "web", "c");
        var before = _state.Index;
        _state.Service("n", "web", "web", "c");
        Assert.Equal(before, ServiceNodes("web", out var found));
        Assert.Equal((before, before), (found[0].Node.ModifyIndex, found[0].Service.ModifyIndex));
        Assert.Equal(before, _state.Root.NodeChecks("n", null, []));
        Assert.Equal(before, _state.Root.Nodes(null, null, []));
    }

    [Fact]
    public void A_changed_address_moves_the_index_of_the_nodes_services_but_not_the_services()
    {
        _state.Service("n", "web", "web");
        var registered = _state.Index;
        _state.Node("n", address: "10.2.0.77");
        Assert.Equal(_state.Index, ServiceNodes("web", out var found));
        Assert.Equal((registered, "10.2.0.77", _state.Index), (found[0].Service.ModifyIndex, found[0].Node.Address, found[0].Node.ModifyIndex));
        Assert.Equal(_state.Index, Health("web", out _));
    }

    [Fact]
    public void A_node_without_a_name_is_refused_for_no_snapshot_could_restore_it()
    {
        Assert.Equal("failed inserting node: object missing primary index", _state.Node("").Text);
        _state.Publish();
        var nodes = new List<NodeEntry>();
        _state.Root.Nodes(null, null, nodes);
        Assert.Empty(nodes);
    }

    [Fact]
    public void Changes_of_other_services_leave_the_index_of_a_service_alone()
    {
        _state.Service("n", "web", "web", "c");
        var before = _state.Index;
        _state.Service("n", "other", "other", "d");
        _state.Deregister("n", service: "other");
        Assert.Equal((before, before), (ServiceNodes("web", out _), Health("web", out _)));
        _state.Root.ServiceChecks("web", null, null, []);
        Assert.True(_state.Root.ServiceChecks("web", null, null, []) > before);
    }

    [Fact]
    public void After_the_last_instance_the_index_moves_forward_and_stays_above()
    {
        _state.Service("n", "web", "web");
        _state.Deregister("n", service: "web");
        var removed = _state.Index;
        Assert.Equal(removed, ServiceNodes("web", out var found));
        Assert.Empty(found);
        _state.Node("elsewhere");
        Assert.Equal((removed, removed), (ServiceNodes("web", out _), Health("never", out _)));
        _state.Service("n", "web", "web");
        Assert.Equal(_state.Index, ServiceNodes("web", out _));
    }

    [Fact]
    public void A_service_that_never_was_answers_with_the_tables()
    {
        _state.Service("n", "web", "web", "c");
        Assert.Equal((_state.Index, _state.Index), (ServiceNodes("none", out _), Health("none", out _)));
        _state.Check("n", "node", HealthStatus.Passing);
        Assert.Equal((_state.Index - 1, _state.Index), (ServiceNodes("none", out _), Health("none", out _)));
    }

    [Fact]
    public void Names_of_services_and_nodes_have_no_case_and_tags_neither()
    {
        _state.Register(new RegisterRequest { Node = "Node-A", Address = "1.1.1.1", Service = new NodeService { Id = "w", Service = "CamelCase", Tags = ["Blue", "b"] } });
        Assert.Equal(ServiceNodes("CamelCase", out _), ServiceNodes("camelcase", out var found));
        Assert.Equal("CamelCase", found[0].Service.Service);
        Assert.Equal(1, Tagged("camelcase", "blue"));
        Assert.Equal(1, Tagged("camelcase", "blue", "B"));
        Assert.Equal(0, Tagged("camelcase", "blue", "c"));
        _state.Root.NodeGet("NODE-a", null, out var node);
        Assert.Equal("Node-A", node!.Name);
    }

    [Fact]
    public void Health_shows_node_checks_before_the_instances_own()
    {
        _state.Service("n", "web", "web", "zz");
        _state.Check("n", "aa", HealthStatus.Warning);
        _state.Service("n", "other", "other", "bb");
        Health("web", out var found);
        Assert.Equal(["aa", "zz"], found[0].Checks.Select(check => check.CheckId));
        _state.Deregister("n", check: "aa");
        Health("web", out found);
        Assert.Equal(["zz"], found[0].Checks.Select(check => check.CheckId));
        Assert.Equal(_state.Index, Health("other", out _));
    }

    [Fact]
    public void Removing_a_service_takes_its_checks_and_nothing_else()
    {
        _state.Service("n", "web", "web", "c");
        _state.Check("n", "node", HealthStatus.Passing);
        _state.Service("n", "other", "other", "d");
        _state.Deregister("n", service: "web");
        var checks = new List<HealthCheck>();
        Assert.Equal(_state.Index, _state.Root.NodeChecks("n", null, checks));
        Assert.Equal(["d", "node"], checks.Select(check => check.CheckId));
        var before = _state.Index;
        _state.Deregister("n", service: "none");
        Assert.Equal(before, _state.Root.NodeChecks("n", null, []));
    }

    [Fact]
    public void Removing_a_node_takes_everything_on_it()
    {
        _state.Node("m");
        _state.Service("n", "web", "web", "c");
        _state.Applier.ApplyCoordinates(_state.Index + 1, [new CoordinateEntry("n", "", new Coordinate(new double[8], 1, 0, 0))]);
        var session = _state.Session("n");
        _state.Kv(KvOps.Lock, "lock", "1", session: session);
        _state.Deregister("n");
        Assert.Equal(0UL, _state.Root.NodeServices("n", null, out var node, []));
        Assert.Null(node);
        Assert.Equal(_state.Index, ServiceNodes("web", out _));
        Assert.Equal(_state.Index, _state.Root.NodeChecks("n", null, []));
        Assert.Equal(_state.Index, _state.Root.Coordinates(null, []));
        Assert.Equal(_state.Index, _state.Root.SessionGet(session, null, out var gone));
        Assert.Null(gone);
        _state.Get("lock", out var entry);
        Assert.Equal("", entry!.Session);
    }

    [Fact]
    public void Odd_and_long_names_stay_apart()
    {
        string[] names = ["a", "a\0b", "a\u0001\u0001b", "Ünïcode", new string('x', 300), new string('x', 300) + "\0"];
        foreach (var name in names) _state.Service(name, "s", "web", "c");
        ServiceNodes("web", out var found);
        Assert.Equal(names.Length, found.Count);
        foreach (var name in names)
        {
            var services = new List<NodeService>();
            _state.Root.NodeServices(name.ToUpperInvariant(), null, out var node, services);
            Assert.Equal(name, node!.Name);
            Assert.Single(services);
            Assert.Equal(1, Checks(name));
        }
        foreach (var name in names) _state.Deregister(name);
        ServiceNodes("web", out found);
        Assert.Empty(found);
    }

    [Fact]
    public void A_node_may_change_its_id_while_its_serf_check_is_not_healthy()
    {
        const string one = "bbbbbbbb-0000-4000-8000-000000000003", two = "bbbbbbbb-0000-4000-8000-000000000004";
        _state.Node("n", one);
        Assert.Equal(ApplyResultKind.None, _state.Node("n", two).Kind);
        _state.Check("n", "serfHealth", HealthStatus.Passing);
        Assert.Equal($"failed inserting node: Error while renaming Node ID: \"{one}\": Node name n is reserved by node {two} with name n (10.0.0.1)", _state.Node("n", one).Text);
        _state.Check("n", "serfHealth", HealthStatus.Critical);
        Assert.Equal(ApplyResultKind.None, _state.Node("n", one).Kind);
        _state.Root.NodeGet(two, null, out var byOldId);
        _state.Root.NodeGet("bbbbbbbb", null, out var byPrefix);
        Assert.Null(byOldId);
        Assert.Equal(one, byPrefix!.Id);
        Assert.Equal("failed inserting node: node lookup failed: node lookup by ID failed, wrong UUID: uuid string is wrong length for 'x'", _state.Node("n", "x").Text);
    }

    [Fact]
    public void A_node_that_comes_under_a_new_name_leaves_its_old_one()
    {
        const string id = "bbbbbbbb-0000-4000-8000-000000000003";
        _state.Node("old", id);
        var created = _state.Index;
        _state.Service("old", "web", "web");
        _state.Node("new", id);
        _state.Root.NodeGet("old", null, out var old);
        _state.Root.NodeGet(id, null, out var renamed);
        Assert.Null(old);
        Assert.Equal(("new", created, _state.Index), (renamed!.Name, renamed.CreateIndex, renamed.ModifyIndex));
        ServiceNodes("web", out var found);
        Assert.Empty(found);
    }

    [Fact]
    public void A_refused_registration_changes_nothing()
    {
        _state.Node("n");
        var digest = _state.Root.Digest;
        var refused = _state.Register(new RegisterRequest
        {
            Node = "other", Address = "1.1.1.1", Service = new NodeService { Id = "web", Service = "web" },
            Check = new HealthCheck { Node = "other", CheckId = "c", ServiceId = "none" },
        });
        Assert.Equal("failed inserting check: Missing service registration on node \"other\"", refused.Text);
        Assert.Equal("check node \"x\" does not match node \"n\"",
            _state.Register(new RegisterRequest { Node = "n", Address = "1.1.1.1", Check = new HealthCheck { Node = "x", CheckId = "c" } }).Text);
        Assert.Equal("failed inserting service: Invalid Service Meta for node n and serviceID w: Couldn't load metadata pair ('', '1'): Key cannot be blank",
            _state.Register(new RegisterRequest { Node = "n", Address = "9.9.9.9", Service = new NodeService { Id = "w", Service = "w", Meta = new Dictionary<string, string> { [""] = "1" } } }).Text);
        Assert.Equal(digest, _state.Root.Digest);
        _state.Root.NodeGet("n", null, out var node);
        Assert.Equal("10.0.0.1", node!.Address);
    }

    [Fact]
    public void Skipping_the_node_leaves_it_untouched_unless_it_is_new()
    {
        _state.Node("n");
        _state.Register(new RegisterRequest { Node = "n", Address = "9.9.9.9", SkipNodeUpdate = true, Service = new NodeService { Id = "w", Service = "w" } });
        _state.Register(new RegisterRequest { Node = "m", Address = "9.9.9.9", SkipNodeUpdate = true });
        _state.Root.NodeGet("n", null, out var n);
        _state.Root.NodeGet("m", null, out var m);
        Assert.Equal(("10.0.0.1", "9.9.9.9"), (n!.Address, m!.Address));
    }

    [Fact]
    public void Impossible_weights_become_the_default()
    {
        _state.Register(new RegisterRequest { Node = "n", Address = "1.1.1.1", Service = new NodeService { Id = "w", Service = "w", Weights = new ServiceWeights(0, 0) } });
        ServiceNodes("w", out var found);
        Assert.Equal(ServiceWeights.Default, found[0].Service.Weights);
    }

    [Fact]
    public void Services_unite_their_tags_and_can_be_restricted_by_node_meta()
    {
        _state.Register(new RegisterRequest { Node = "n", Address = "1.1.1.1", NodeMeta = new Dictionary<string, string> { ["rack"] = "1" }, Service = new NodeService { Id = "1", Service = "web", Tags = ["a", "b"] } });
        _state.Register(new RegisterRequest { Node = "m", Address = "1.1.1.1", Service = new NodeService { Id = "2", Service = "web", Tags = ["b", "c"] } });
        var all = new SortedDictionary<string, SortedSet<string>>();
        _state.Root.Services(null, null, all);
        Assert.Equal(["a", "b", "c"], all["web"]);
        var some = new SortedDictionary<string, SortedSet<string>>();
        _state.Root.Services([new("rack", "1")], null, some);
        Assert.Equal(["a", "b"], some["web"]);
        var nodes = new List<NodeEntry>();
        Assert.Equal(_state.Index, _state.Root.Nodes([new("rack", "1")], null, nodes));
        Assert.Equal(["n"], nodes.Select(node => node.Name));
    }

    [Fact]
    public void Proxies_are_found_by_what_they_stand_for()
    {
        var proxy = new MsgPackMap { Fields = [new("DestinationServiceName", new ReadOnlyMemory<byte>("web"u8.ToArray()))] };
        _state.Register(new RegisterRequest { Node = "n", Address = "1.1.1.1", Service = new NodeService { Id = "p", Service = "web-proxy", Kind = "connect-proxy", Proxy = proxy } });
        var found = new List<CheckServiceNode>();
        Assert.Equal(_state.Index, _state.Root.CheckServiceNodes("web", null, null, connect: true, null, found));
        Assert.Equal("web-proxy", Assert.Single(found).Service.Service);
    }

    [Fact]
    public void Checks_are_found_by_state_service_and_node_meta()
    {
        _state.Service("n", "web", "web", "c", HealthStatus.Critical);
        _state.Service("m", "web2", "web", "d", HealthStatus.Warning);
        _state.Check("m", "c", HealthStatus.Critical);
        var checks = new List<HealthCheck>();
        _state.Root.ChecksInState(HealthStatus.Critical, null, null, checks);
        Assert.Equal(["m", "n"], checks.Select(check => check.Node));
        checks.Clear();
        _state.Root.ServiceChecks("WEB", null, null, checks);
        Assert.Equal(["d", "c"], checks.Select(check => check.CheckId));
        checks.Clear();
        _state.Root.ChecksInState(HealthStatus.Any, [new("none", "1")], null, checks);
        Assert.Empty(checks);
        _state.Check("n", "c", HealthStatus.Passing, service: "web");
        _state.Root.ChecksInState(HealthStatus.Critical, null, null, checks);
        Assert.Equal(["m"], checks.Select(check => check.Node));
    }

    [Fact]
    public void A_blocked_health_query_wakes_on_instance_check_and_node_but_not_on_others()
    {
        var (web, watches) = (new Waiter(), new WatchSet());
        void Look()
        {
            watches.Clear();
            _state.Root.CheckServiceNodes("web", null, null, connect: false, watches, []);
            Assert.Equal(1, watches.Count);
            web = new Waiter();
            watches.Arm(web);
        }
        _state.Service("n", "other", "other", "d");
        Look();
        _state.Service("n", "web", "web", "c");
        Assert.Equal(1, web.Calls);
        Look();
        _state.Service("n", "other", "other", "d", HealthStatus.Critical);
        Assert.Equal(0, web.Calls);
        _state.Service("n", "web", "web", "c", HealthStatus.Warning);
        Assert.Equal(1, web.Calls);
        Look();
        _state.Node("n", address: "5.5.5.5");
        Assert.Equal(1, web.Calls);
        Look();
        _state.Deregister("n", service: "web");
        Assert.Equal(1, web.Calls);
        Look();
        Assert.Equal(0, web.Calls);
    }

    [Fact]
    public void Coordinates_of_unknown_nodes_and_impossible_ones_are_dropped()
    {
        _state.Node("n");
        _state.Applier.ApplyCoordinates(_state.Index + 1,
        [
            new CoordinateEntry("none", "", new Coordinate(new double[8], 1, 0, 0)),
            new CoordinateEntry("n", "", new Coordinate([double.NaN, 0, 0, 0, 0, 0, 0, 0], 1, 0, 0)),
            new CoordinateEntry("n", "x", new Coordinate(new double[8], 1, 0, 0)),
        ]);
        _state.Publish();
        var found = new List<CoordinateEntry>();
        Assert.Equal(_state.Index + 1, _state.Root.NodeCoordinates("N", null, found));
        Assert.Equal("x", Assert.Single(found).Segment);
    }

    [Fact]
    public void Autopilot_settings_compare_and_set()
    {
        Assert.False(_state.Applier.ApplyAutopilot(20, (new AutopilotConfig(), true)).Flag);
        _state.Applier.ApplyAutopilot(21, (new AutopilotConfig(), false));
        Assert.False(_state.Applier.ApplyAutopilot(22, (new AutopilotConfig { ModifyIndex = 20 }, true)).Flag);
        Assert.True(_state.Applier.ApplyAutopilot(23, (new AutopilotConfig { ModifyIndex = 21, MinQuorum = 3 }, true)).Flag);
        _state.Publish();
        Assert.Equal(23UL, _state.Root.Autopilot(null, out var config));
        Assert.Equal((21UL, 3U), (config!.CreateIndex, config.MinQuorum));
    }

    private ulong ServiceNodes(string service, out List<ServiceNode> found) => _state.Root.ServiceNodes(service, null, null, null, found = []);

    private ulong Health(string service, out List<CheckServiceNode> found) => _state.Root.CheckServiceNodes(service, null, null, connect: false, null, found = []);

    private int Checks(string node)
    {
        var found = new List<HealthCheck>();
        _state.Root.NodeChecks(node, null, found);
        return found.Count;
    }

    private int Tagged(string service, params string[] tags)
    {
        var found = new List<ServiceNode>();
        _state.Root.ServiceNodes(service, tags, null, null, found);
        return found.Count;
    }
}
