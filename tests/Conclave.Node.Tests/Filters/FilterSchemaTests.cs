using Conclave.Core.Model;
using Conclave.Node.Filters;

namespace Conclave.Node.Tests.Filters;

public class FilterSchemaTests
{
    private static readonly NodeEntry Node = new()
    {
        Id = "40e4a748",
        Name = "n1",
        Address = "10.3.0.1",
        Datacenter = "dc1",
        TaggedAddresses = TextMap<string>.From([new("lan", "10.3.0.1")]),
        Meta = TextMap<string>.From([new("rack", "r1"), new("some key", "v")]),
    };

    private static readonly NodeService Service = new()
    {
        Id = "web-1",
        Service = "web",
        Tags = ["a", "b"],
        Meta = TextMap<string>.From([new("v", "2")]),
        Port = 80,
        Weights = new(10, 1),
        TaggedAddresses = TextMap<ServiceAddress>.From([new("wan", new("198.18.1.2", 8080))]),
        Connect = new() { Fields = [new("Native", true)] },
        Proxy = new()
        {
            Fields =
            [
                new("DestinationServiceName", (ReadOnlyMemory<byte>)"db"u8.ToArray()),
                new("Upstreams", new object?[] { new MsgPackMap { Fields = [new("LocalBindPort", 9L)] } }),
                new("MeshGateway", new MsgPackMap { Fields = [new("Mode", (ReadOnlyMemory<byte>)"local"u8.ToArray())] }),
            ],
        },
    };

    private static readonly HealthCheck Passing = new() { Node = "n1", CheckId = "c1", Name = "ttl", Status = "passing", ServiceTags = ["a"], Type = "ttl" };
    private static readonly HealthCheck Warning = new() { Node = "n1", CheckId = "c2", Status = "warning", Output = "disk 91%" };

    [Theory]
    [InlineData("Meta.rack==\"r1\"", true)]
    [InlineData("Node==\"n1\" and Address==\"10.3.0.1\"", true)]
    [InlineData("Node==\"n1\" and not Meta.rack==\"r1\"", false)]
    [InlineData("Meta[\"some key\"] == v", true)]
    [InlineData("Meta.absent == \"\"", false)]
    [InlineData("Meta.absent != x", true)]
    [InlineData("x not in Meta.absent", true)]
    [InlineData("rack in Meta", true)]
    [InlineData("Meta contains absent", false)]
    [InlineData("TaggedAddresses.lan matches \"^10[.]\"", true)]
    [InlineData("TaggedAddresses is not empty", true)]
    [InlineData("ID matches `^[0-9a-f]+$`", true)]
    [InlineData("Datacenter in Datacenter", false)]
    public void Nodes_are_filtered(string expression, bool passes) => Check(expression, FilterSchemas.Nodes, Node, passes);

    [Theory]
    [InlineData("ServiceMeta.v==2", true)]
    [InlineData("ServicePort==81", false)]
    [InlineData("ServicePort==\"0x50\"", true)]
    [InlineData("ServicePort != -1", true)]
    [InlineData("a in ServiceTags", true)]
    [InlineData("ServiceTags contains a or ServicePort==81", true)]
    [InlineData("ServiceID matches \".*-1\"", true)]
    [InlineData("Node == n1 and NodeMeta.rack == r1 and Datacenter == dc1", true)]
    [InlineData("ServiceWeights.Passing == 10 and ServiceWeights.Warning == 1", true)]
    [InlineData("ServiceTaggedAddresses.wan.Port == 8080", true)]
    [InlineData("ServiceTaggedAddresses.lan.Port == 8080", false)]
    [InlineData("ServiceEnableTagOverride == f", true)]
    [InlineData("ServiceKind == \"\" and ServiceConnect.Native == true", true)]
    [InlineData("ServiceProxy.Upstreams.LocalBindPort == 9", true)]
    public void Catalog_rows_are_filtered(string expression, bool passes) => Check(expression, FilterSchemas.ServiceNodes, new ServiceNode(Node, Service), passes);

    [Theory]
    [InlineData("Service.Meta.v==2", true)]
    [InlineData("\"warning\" in Checks.Status", true)]
    [InlineData("Checks.Status==passing", true)]
    [InlineData("Checks.Status!=passing", true)]
    [InlineData("not Checks.Status==passing", false)]
    [InlineData("Checks.Status==critical", false)]
    [InlineData("a in Checks.ServiceTags", true)]
    [InlineData("Checks is empty", false)]
    [InlineData("Checks.Output matches \"9.%\"", true)]
    [InlineData("Service.ID==\"web-1\" and a in Service.Tags", true)]
    [InlineData("Service.Port!=80", false)]
    [InlineData("Node.Address==\"10.3.0.1\"", true)]
    [InlineData("Service.Proxy.DestinationServiceName == db and Service.Proxy.MeshGateway.Mode == local", true)]
    [InlineData("Service.Weights.Passing != 10", false)]
    public void Health_rows_are_filtered(string expression, bool passes) =>
        Check(expression, FilterSchemas.CheckServiceNodes, new CheckServiceNode(Node, Service, [Passing, Warning]), passes);

    [Fact]
    public void Rows_without_checks_match_no_comparison_with_them()
    {
        var row = new CheckServiceNode(Node, Service, []);
        Check("Checks.Status == passing", FilterSchemas.CheckServiceNodes, row, passes: false);
        Check("Checks.Status != passing", FilterSchemas.CheckServiceNodes, row, passes: false);
        Check("Checks is empty", FilterSchemas.CheckServiceNodes, row, passes: true);
    }

    [Theory]
    [InlineData("Service==\"web\" and a in Tags", true)]
    [InlineData("Port==80 and Meta.v==2", true)]
    [InlineData("Tags is empty", false)]
    [InlineData("Datacenter == dc9", true)]
    [InlineData("EnableTagOverride == true", false)]
    public void Agent_services_are_filtered(string expression, bool passes) => Check(expression, FilterSchemas.AgentServices("dc9"), Service, passes);

    [Theory]
    [InlineData("CheckID==\"c1\" and Type == ttl", true)]
    [InlineData("Status==critical", false)]
    [InlineData("ServiceTags is not empty and ServiceName == \"\"", true)]
    public void Checks_are_filtered(string expression, bool passes) => Check(expression, FilterSchemas.HealthChecks, Passing, passes);

    [Theory]
    [InlineData("Bogus==1", "Selector \"Bogus\" is not valid")]
    [InlineData("Node.Foo==1", "Selector \"Node.Foo\" is not valid")]
    [InlineData("Node.Address.x==1", "Selector \"Node.Address.x\" is not valid")]
    [InlineData("Service.Meta.a.b==1", "Selector \"Service.Meta.a.b\" is not valid")]
    [InlineData("Node==n1", "Invalid match operator \"Equal\" for selector \"Node\"")]
    [InlineData("Node.Address is empty", "Invalid match operator \"Is Empty\" for selector \"Node.Address\"")]
    [InlineData("Service.Port contains 8", "Invalid match operator \"In\" for selector \"Service.Port\"")]
    [InlineData("Service.Tags == a", "Invalid match operator \"Equal\" for selector \"Service.Tags\"")]
    [InlineData("Service.Meta not matches a", "Invalid match operator \"Not Matches\" for selector \"Service.Meta\"")]
    [InlineData("Checks contains a", "Invalid match operator \"In\" for selector \"Checks\"")]
    [InlineData("Service.Port == http", "Failed to coerce value \"http\" for selector \"Service.Port\": strconv.ParseInt: parsing \"http\": invalid syntax")]
    [InlineData("Service.Port == 99999999999999999999", "Failed to coerce value \"99999999999999999999\" for selector \"Service.Port\": strconv.ParseInt: parsing \"99999999999999999999\": value out of range")]
    [InlineData("Service.Port == 1.5", "Failed to coerce value \"1.5\" for selector \"Service.Port\": strconv.ParseInt: parsing \"1.5\": invalid syntax")]
    [InlineData("Service.EnableTagOverride == yes", "Failed to coerce value \"yes\" for selector \"Service.EnableTagOverride\": strconv.ParseBool: parsing \"yes\": invalid syntax")]
    public void Expressions_that_do_not_fit_the_resource_are_refused(string expression, string reason) =>
        Assert.Equal(reason, Assert.Throws<FilterException>(() => FilterCompiler.Compile(expression, FilterSchemas.CheckServiceNodes)).Reason);

    [Theory]
    [InlineData("[")]
    [InlineData("(?=a)")]
    [InlineData("(a)\\1")]
    [InlineData("((((x{500}){500}){500}){500})")]
    public void Patterns_that_could_cost_too_much_are_refused(string pattern) =>
        Assert.StartsWith("Failed to compile regular expression", Assert.Throws<FilterException>(() => FilterCompiler.Compile($"Node matches `{pattern}`", FilterSchemas.Nodes)).Reason);

    [Fact]
    public void Patterns_are_bounded_in_number()
    {
        static string Patterns(int count) => string.Join(" or ", Enumerable.Repeat("Node not matches a", count));
        FilterCompiler.Compile(Patterns(FilterCompiler.PatternsMax), FilterSchemas.Nodes);
        Assert.Equal("Number of patterns (33) exceeds the limit (32)", Assert.Throws<FilterException>(() => FilterCompiler.Compile(Patterns(FilterCompiler.PatternsMax + 1), FilterSchemas.Nodes)).Reason);
    }

    [Fact]
    public void Empty_expression_filters_nothing()
    {
        var filter = FilterCompiler.Compile("", FilterSchemas.Nodes);
        Assert.True(filter.IsEverything);
        Assert.True(filter.Matches(Node));
    }

    [Fact]
    public void Lists_keep_their_order()
    {
        var checks = new List<HealthCheck> { Warning, Passing, Warning };
        FilterCompiler.Compile("Status == warning", FilterSchemas.HealthChecks).Apply(checks);
        Assert.Equal([Warning, Warning], checks);
    }

    [Fact]
    public void Matching_allocates_nothing()
    {
        var filter = FilterCompiler.Compile("Service.Meta.v == 2 and (Checks.Status == critical or a in Service.Tags) and not Service.ID matches `z$`", FilterSchemas.CheckServiceNodes);
        var row = new CheckServiceNode(Node, Service, [Passing, Warning]);
        for (int i = 0; i < 100; i++) Assert.True(filter.Matches(row));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) filter.Matches(row);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check<T>(string expression, FilterSchema<T> schema, T item, bool passes) => Assert.Equal(passes, FilterCompiler.Compile(expression, schema).Matches(item));
}
