using Conclave.Core.Model;
using Conclave.Node.Requests;

namespace Conclave.Tests;

public sealed class CatalogRequestsTests
{
    [Theory]
    [InlineData("", "10.0.0.1", "", "Must provide node")]
    [InlineData("n", "", "", "Must provide address if SkipNodeUpdate is not set")]
    [InlineData("n", "10.0.0.1", "no-uuid", "Bad node ID: uuid string is wrong length")]
    [InlineData("n", "10.0.0.1", "zzzzzzzz-0000-4000-8000-000000000003", "Bad node ID: uuid is improperly formatted")]
    public void A_wrong_node_is_refused(string node, string address, string id, string text) =>
        Assert.Equal(text, CatalogRequests.Prepare(new RegisterRequest { Node = node, Address = address, Id = id }, out _));

    [Theory]
    [InlineData("web-1", "", "", "Must provide service name with ID")]
    [InlineData("", "web", "0.0.0.0", "Invalid service address")]
    [InlineData("", "web", "::", "Invalid service address")]
    public void A_wrong_service_is_refused(string id, string name, string address, string text) =>
        Assert.Equal(text, Prepare(new NodeService { Id = id, Service = name, Address = address }, null, out _));

    [Fact]
    public void The_id_of_a_service_defaults_to_its_name()
    {
        Assert.Null(Prepare(new NodeService { Service = "web" }, null, out var prepared));

        Assert.Equal("web", prepared.Service!.Id);
    }

    [Fact]
    public void A_single_check_moves_into_the_list_and_gets_what_it_lacks()
    {
        var check = new HealthCheck { Name = "alive", Definition = new HealthCheckDefinition { Http = "http://10.0.0.1/" } };

        Assert.Null(Prepare(null, check, out var prepared));

        Assert.Null(prepared.Check);
        var filled = Assert.Single(prepared.Checks!);
        Assert.Equal(("alive", "n", "http"), (filled.CheckId, filled.Node, filled.Type));
    }

    [Fact]
    public void A_complete_registration_is_passed_on_as_it_is()
    {
        var request = new RegisterRequest
        {
            Node = "n",
            Address = "10.0.0.1",
            Service = new NodeService { Id = "web", Service = "web" },
            Checks = [new HealthCheck { Node = "n", CheckId = "c", Name = "c", Type = "ttl" }],
        };

        Assert.Null(CatalogRequests.Prepare(request, out var prepared));
        Assert.Same(request, prepared);
    }

    [Fact]
    public void A_deregistration_names_a_node()
    {
        Assert.Equal("Must provide node", CatalogRequests.Refuse(new DeregisterRequest { ServiceId = "x" }));
        Assert.Null(CatalogRequests.Refuse(new DeregisterRequest { Node = "n" }));
    }

    private static string? Prepare(NodeService? service, HealthCheck? check, out RegisterRequest prepared) =>
        CatalogRequests.Prepare(new RegisterRequest { Node = "n", Address = "10.0.0.1", Service = service, Check = check }, out prepared);
}
